//! Messages of Spark Connect, and the client that sends them.
//!
//! Owns Apache Spark's own definitions (`proto/`, unchanged, of Spark 4.2.0) and the Rust that is generated from them and
//! checked in, so that no build needs `protoc`. Knows nothing of sessions, retries or errors. Not for reading: open the
//! `.proto` files instead, which hold the comments.
//!
//! `UPDATE=1 cargo test -p delta-engine-spark-proto` writes the code anew after a change of `proto/`.

#[expect(missing_docs, clippy::large_enum_variant, reason = "generated; the comments are in proto/")]
mod generated {
    include!("generated/spark.connect.rs");
}

pub use generated::*;
pub use prost::Message;
pub use prost_types::Any;
