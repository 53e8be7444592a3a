//! Deletion vectors: which rows of a file are gone (PROTOCOL.md, "Deletion Vector Format").

use deltalake::logstore::object_store::path::Path as ObjectPath;
use roaring::RoaringTreemap;

use super::scan::ScanError;
use crate::log::DeletionVector;
use crate::storage::TableFiles;

/// Starts a bitmap in the portable format, little-endian.
const MAGIC: [u8; 4] = 1_681_511_377_u32.to_le_bytes();

/// Length of an encoded UUID.
const UUID: usize = 20;

/// The deleted rows.
pub(super) async fn deleted_rows(files: &dyn TableFiles, vector: &DeletionVector) -> Result<RoaringTreemap, ScanError> {
    let invalid = |fault: &str| ScanError::Deletion(vector.path_or_inline_dv.clone(), fault.to_owned());
    let bytes = match vector.storage_type.as_str() {
        "i" => {
            let mut bytes = z85::decode(&vector.path_or_inline_dv).map_err(|_| invalid("is not base 85"))?;
            // The encoding pads to whole words.
            bytes.truncate(usize::try_from(vector.size_in_bytes).unwrap_or(usize::MAX));
            bytes
        }
        "u" => {
            let path = relative_path(&vector.path_or_inline_dv).ok_or_else(|| invalid("names no file"))?;
            let start = vector.offset.unwrap_or(1);
            let end = start.checked_add(4).and_then(|start| start.checked_add(vector.size_in_bytes));
            let bytes = files.read_range(&path, start..end.ok_or_else(|| invalid("ends behind any file"))?).await?;
            let (size, bitmap) = bytes.split_at_checked(4).ok_or_else(|| invalid("is cut off"))?;
            if u64::from(u32::from_be_bytes(size.try_into().unwrap_or_default())) != vector.size_in_bytes {
                return Err(invalid("has another size than the log says"));
            }
            bitmap.to_vec()
        }
        _ => return Err(invalid("is outside of the table's folder")),
    };
    let bitmap = bytes.strip_prefix(&MAGIC).ok_or_else(|| invalid("is in an unknown format"))?;
    let rows = RoaringTreemap::deserialize_from(bitmap).map_err(|_| invalid("is damaged"))?;
    if rows.len() != vector.cardinality {
        return Err(invalid("has another number of rows than the log says"));
    }
    Ok(rows)
}

/// The file of a vector, from the table's root: an optional folder, then an encoded UUID.
fn relative_path(encoded: &str) -> Option<String> {
    let (folder, id) = encoded.split_at_checked(encoded.len().checked_sub(UUID)?)?;
    let id = uuid::Uuid::from_slice(&z85::decode(id).ok()?).ok()?;
    let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    ObjectPath::parse(format!("{folder}deletion_vector_{id}.bin")).ok().map(|path| path.to_string())
}
