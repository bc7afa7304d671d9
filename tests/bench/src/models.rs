//! Names for any number of models: distinct, always the same, and as long as real ones.

const QUALITIES: [&str; 25] = [
    "Active", "Annual", "Archived", "Billed", "Central", "Daily", "Direct", "External", "Final",
    "Foreign", "General", "Hidden", "Internal", "Joint", "Local", "Monthly", "Nominal", "Open",
    "Partial", "Pending", "Primary", "Regional", "Shared", "Signed", "Weekly",
];
const THINGS: [&str; 40] = [
    "Account", "Address", "Agent", "Asset", "Batch", "Booking", "Branch", "Budget", "Campaign",
    "Carrier", "Claim", "Client", "Contract", "Delivery", "Device", "Document", "Event", "Factory",
    "Forecast", "Invoice", "Item", "Journal", "Lease", "Machine", "Meeting", "Notice", "Offer",
    "Parcel", "Payment", "Permit", "Person", "Project", "Quota", "Receipt", "Report", "Route",
    "Sensor", "Shipment", "Ticket", "Vendor",
];

/// The name of a model in its two spellings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// `ActiveAccount`
    pub(crate) camel: String,
    /// `active_account`: its table, its module, and what relations to it are called.
    pub(crate) snake: String,
}

/// Returns the name of the model at a position. The first thousand are two words; later ones have a number, too.
pub(crate) fn name(position: usize) -> Name {
    let thing = THINGS[position % THINGS.len()];
    let quality = QUALITIES[position / THINGS.len() % QUALITIES.len()];
    let round = match position / (THINGS.len() * QUALITIES.len()) {
        0 => String::new(),
        round => round.to_string(),
    };
    let snake = format!("{quality}_{thing}{round}").to_lowercase();
    Name {
        camel: format!("{quality}{thing}{round}"),
        snake,
    }
}
