pub mod demo;
mod printable;

pub use printable::printable;
