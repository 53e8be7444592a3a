//! Declares a table and brings the Spark Connect server of SPARK_REMOTE in line with it.

use delta_engine::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("SPARK_REMOTE").unwrap_or_else(|_| "sc://localhost:15002".to_owned());
    let schema = std::env::args().nth(1).unwrap_or_else(|| "silver".to_owned());
    let customers = Table::new(format!("{schema}.customers"))
        .comment("One row per customer")
        .column(Column::new("customer_id", BIGINT).not_null())
        .column(Column::new("full_name", STRING).renamed_from("name"))
        .column(Column::new("address", "struct<street: string, zip: string>"))
        .clustered_by(["customer_id"])
        .property("delta.columnMapping.mode", "name");
    let registry = Registry::new().table(customers).build()?; // every fault at once
    let engine = Engine::connect(&url).await?;
    println!("{}", engine.sync(&registry).await?);
    Ok(())
}
