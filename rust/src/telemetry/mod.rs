//! Observers for what a program already measures with.

#[cfg(feature = "opentelemetry")]
mod otel;
#[cfg(feature = "tracing")]
mod tracing;

use std::sync::Arc;

use devicegrant_core::Event;

#[cfg(feature = "opentelemetry")]
pub use self::otel::OtelObserver;
#[cfg(feature = "tracing")]
pub use self::tracing::TracingObserver;
use crate::traits::Observer;

/// Several observers as one; each is told every event, in their order.
#[derive(Clone, Default)]
pub struct Observers(pub Vec<Arc<dyn Observer>>);

impl Observer for Observers {
    fn event(&self, event: &Event) {
        for observer in &self.0 {
            observer.event(event);
        }
    }
}

impl std::fmt::Debug for Observers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Observers").field(&self.0.len()).finish()
    }
}
