//! An attempt as a curl command that sends the same bytes again.

use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::client::{Client, curl};
use crate::domain::id::DeliveryId;

/// Prints the attempt's request.
pub(super) async fn print(
    client: &Client,
    output: Output,
    id: DeliveryId,
    number: Option<u32>,
) -> anyhow::Result<()> {
    let number = match number {
        Some(number) => number,
        None => client
            .delivery(id)
            .await?
            .history
            .last()
            .map(|attempt| attempt.number)
            .ok_or_else(|| {
                Failure::nothing(format!("{id} has no attempt yet: nothing was sent"))
            })?,
    };
    let detail = client.attempt(id, number).await?;
    let Some(request) = detail.request else {
        let why = detail
            .request_missing
            .unwrap_or_else(|| "it was not kept".to_owned());
        return Err(Failure::nothing(format!(
            "attempt {number} of {id} cannot be shown: {why}"
        )));
    };
    let command = curl::command(&request).map_err(|error| Failure::failed(error.to_string()))?;
    output.print(&command)
}
