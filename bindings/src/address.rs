//! Which addresses are fit for what.

/// Whether a request to this address may carry a token (RFC 6750 §5.3): https, or http to this machine.
#[uniffi::export]
pub fn may_carry_token(address: String) -> bool {
    devicegrant::may_carry_token(&address)
}
