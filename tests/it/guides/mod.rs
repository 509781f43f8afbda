//! The five platforms' published webhook guides, served to the letter.
//!
//! Where the guides are at hand (`HOOKYARD_GUIDES` names their folder) requests, sample payloads and verification
//! code are cut out of them here and now, so that nothing retyped can pass; they are not ours to keep. Elsewhere the
//! same tests run on facts of our own writing, `tests/vectors/guides.json`, and say so.
//!
//! Each test registers as the guide says, with a token that the platform had given out before, publishes the guide's
//! sample, and verifies what arrives with the guide's own code, or Python's and Node's libraries.

mod agentfactory;
mod cutting;
mod fed;
mod flowmint;
mod guide;
mod platform;
mod shipment;
mod stripe;
mod taskhub;
mod verifier;
