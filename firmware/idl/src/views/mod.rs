//! What the pages show: lists, cards and figures, masked by `vaultd` within the asker's sight (DAT-04, DAT-07).
//!
//! Texts named *code* are stable words that the page translates; a masked field is text ready to be shown, and
//! empty where the asker may not see it.

mod campaign;
mod console;
mod contact;
mod custody;
mod floor;
mod host;
mod network;
mod record;
mod site;
mod span;

pub use campaign::{CampaignDetail, CampaignRow, Choices, PromptView, RefusalRow, ScriptView};
pub use console::{ConsoleAsk, ConsoleEnd, ConsolePiece, ConsoleSession, ConsolesView};
pub use contact::{
    BatchView, Blocked, BlockedRow, ConsentState, ConsentView, ContactFilter, ContactView, ContactsPage,
    DncView, NumberCard,
};
pub use custody::{CUSTODIANS, CustodyAsk, CustodyView, DiskCustody};
pub use floor::{CustomerCard, DeskAction, DeskView, LiveAgent, LiveCall, LiveView};
pub use host::{BOX_ROWS, BoxAsk, BoxOrder, BoxOrderStage, BoxView, BundleView};
pub use network::{NetworkAsk, NetworkProposal, NetworkTrial, NetworkView};
pub use record::{
    CallCard, CallFilter, CallKind, CallRow, CallsPage, LedgerFilter, LedgerPage, LedgerRow, PlayId, Playing,
    RecordingView,
};
pub use site::{
    Attention, CampaignPulse, CheckItem, DayFigures, LinesView, NumberView, Overview, PhoneView, PolicyValue,
    Series, SettingsView, TrunkLive, TrunkView,
};
pub use span::{
    KEPT_BINS, SpanAsk, SpanCard, SpanEvent, SpanHistory, SpanView, TRACE_PIECE_BYTES, TraceView,
};
