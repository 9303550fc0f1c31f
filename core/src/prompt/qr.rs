//! The QR code as a matrix, and as lines of half blocks for a terminal.

use qrcodegen::{QrCode, QrCodeEcc};

/// A QR code: `size` × `size` modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qr {
    size: usize,
    dark: Vec<bool>,
}

/// What ISO/IEC 18004 wants around the code is four modules; two are enough for the cameras of
/// phones and save four lines of a small terminal.
const QUIET: usize = 2;

impl Qr {
    pub(super) fn of(address: &str) -> Option<Self> {
        let code = QrCode::encode_text(address, QrCodeEcc::Low).ok()?;
        let size = code.size();
        let dark = (0..size)
            .flat_map(|y| (0..size).map(move |x| (x, y)))
            .map(|(x, y)| code.get_module(x, y));
        Some(Self {
            dark: dark.collect(),
            size: usize::try_from(size).ok()?,
        })
    }

    /// Modules on each side.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The modules row by row, true where dark; `size()` × `size()` of them.
    pub fn modules(&self) -> &[bool] {
        &self.dark
    }

    /// Columns that [`lines`](Self::lines) takes.
    pub fn columns(&self) -> usize {
        self.size + 2 * QUIET
    }

    /// Lines for a terminal, two rows of modules each. A light module is a full block, so that the
    /// code is dark on light on the usual dark terminal; draw it in white on black.
    pub fn lines(&self) -> Vec<String> {
        let columns = self.columns();
        let light = |x: usize, y: usize| {
            let inside = |n: usize| n.checked_sub(QUIET).filter(|n| *n < self.size);
            let module = inside(x).zip(inside(y));
            module.is_none_or(|(x, y)| !self.dark[y * self.size + x])
        };
        let row = |top: usize| {
            let cell = |x| match (light(x, top), top + 1 < columns && light(x, top + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            };
            (0..columns).map(cell).collect()
        };
        (0..columns).step_by(2).map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_address_fits_beside_text_on_80_by_24() {
        let qr = Qr::of("https://auth.example.com/device?user_code=WDJB-MJHT");
        let qr = qr.unwrap_or(Qr {
            size: 99,
            dark: vec![],
        });
        assert!(qr.lines().len() <= 17, "{} lines", qr.lines().len());
        assert!(
            qr.lines()
                .iter()
                .all(|line| line.chars().count() == qr.columns())
        );
        assert_eq!(qr.modules().len(), qr.size() * qr.size());
    }

    #[test]
    fn an_address_too_long_for_any_code_has_none() {
        assert_eq!(Qr::of(&"a".repeat(5000)), None);
    }
}
