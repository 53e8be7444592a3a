//! Which storage options delta-rs has for which kind of URL: it leaves out, without a word, what it does not know.

#[cfg(any(feature = "s3", feature = "azure", feature = "gcs"))]
use std::str::FromStr;

#[cfg(any(feature = "s3", feature = "azure", feature = "gcs"))]
use deltalake::logstore::object_store;

/// Whether stores of this scheme have an option of this name, apart from those that every store has.
pub(super) fn is_known(scheme: &str, option: &str) -> bool {
    let option = option.to_ascii_lowercase();
    match scheme {
        #[cfg(feature = "s3")]
        "s3" | "s3a" => {
            let own = deltalake::aws::constants::S3_OPTS.iter().any(|own| own.eq_ignore_ascii_case(&option));
            own || object_store::aws::AmazonS3ConfigKey::from_str(&option).is_ok()
        }
        #[cfg(feature = "azure")]
        "az" | "adl" | "azure" | "abfs" | "abfss" => object_store::azure::AzureConfigKey::from_str(&option).is_ok(),
        #[cfg(feature = "gcs")]
        "gs" => object_store::gcp::GoogleConfigKey::from_str(&option).is_ok(),
        // Folders, and stores that tests bring along.
        _ => option.is_empty(),
    }
}

#[cfg(all(test, feature = "s3", feature = "azure", feature = "gcs"))]
mod tests {
    use super::*;

    fn check(scheme: &str, option: &str, expected: bool) {
        assert_eq!(is_known(scheme, option), expected, "{scheme} {option}");
    }

    #[test]
    fn options_belong_to_their_stores() {
        check("s3", "aws_endpoint", true);
        check("s3", "AWS_ENDPOINT_URL", true);
        check("s3", "aws_profile", true);
        check("s3", "aws_endpont", false);
        check("s3", "azure_storage_account_name", false);
        check("abfss", "azure_storage_account_name", true);
        check("abfss", "aws_region", false);
        check("gs", "google_service_account", true);
        check("file", "aws_region", false);
    }
}
