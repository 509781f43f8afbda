//! The store on real files: what it promises, tried to be broken.

mod audit;
mod backup;
mod causes;
mod certificates;
mod durability;
mod endpoints;
mod filling;
pub(crate) mod fixture;
mod fsck;
mod ledger;
mod moves;
mod opening;
mod outcomes;
mod publishing;
mod reading;
mod retention;
mod trace;
mod trouble;
