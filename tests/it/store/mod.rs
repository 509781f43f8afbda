//! The store on real files: what it promises, tried to be broken.

mod endpoints;
mod fixture;
mod moves;
mod opening;
mod publishing;
mod retention;
mod trouble;
