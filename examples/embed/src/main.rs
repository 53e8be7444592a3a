//! Declares a table and brings a lake in line with it.

use delta_engine::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let customers = Table::new("silver.customers")
        .comment("One row per customer")
        .column(Column::new("customer_id", BIGINT).not_null())
        .column(Column::new("full_name", STRING).renamed_from("name"))
        .column(Column::new("address", "struct<street: string, zip: string>"))
        .clustered_by(["customer_id"])
        .property("delta.columnMapping.mode", "name");
    let registry = Registry::new().table(customers).build()?; // every fault at once
    let engine = Engine::connect("./lake").await?;
    println!("{}", engine.sync(&registry).await?);
    Ok(())
}
