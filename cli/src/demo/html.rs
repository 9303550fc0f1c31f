//! HTML from templates, with everything escaped that comes from outside.
//!
//! Templates are plain files. `{{name}}` takes text and escapes it, always;
//! `{{{name}}}` takes HTML that was filled in here before. A value's type says
//! which of the two it is, so that neither can stand in for the other.

use super::code;

/// The style sheet, inlined so that a page is one answer.
const STYLE: &str = include_str!("page/page.css");
const LAYOUT: &str = include_str!("page/layout.html");

/// HTML that is safe to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Markup(String);

/// What goes into a template.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Markup(&'a Markup),
}

impl Markup {
    pub(super) const fn empty() -> Self {
        Self(String::new())
    }

    pub(super) fn push(&mut self, more: &Markup) {
        self.0.push_str(&more.0);
    }
}

/// Fills a template in one pass, so that nothing in a value is taken for a
/// placeholder. One that has no value, or one of the wrong type, stays empty.
pub(super) fn fill(template: &'static str, values: &[(&str, Value<'_>)]) -> Markup {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, tail)) = rest.split_once("{{") {
        out.push_str(before);
        let (raw, tail) = tail
            .strip_prefix('{')
            .map_or((false, tail), |tail| (true, tail));
        let Some((name, tail)) = tail.split_once(if raw { "}}}" } else { "}}" }) else {
            rest = tail;
            break;
        };
        match values.iter().find(|(n, _)| *n == name) {
            Some((_, Value::Text(text))) if !raw => escape(text, &mut out),
            Some((_, Value::Markup(html))) if raw => out.push_str(&html.0),
            _ => {}
        }
        rest = tail;
    }
    out.push_str(rest);
    Markup(out)
}

/// A whole page.
pub(super) fn page(title: &str, body: &Markup) -> String {
    let style = Markup(STYLE.to_owned());
    let values = [
        ("title", Value::Text(title)),
        ("style", Value::Markup(&style)),
        ("body", Value::Markup(body)),
    ];
    fill(LAYOUT, &values).0
}

/// The content security policy of these pages: this one style, forms to
/// ourselves, and nothing else, above all no script.
pub(super) fn policy() -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'",
        code::digest(STYLE)
    )
}

/// Escapes for element content and for attributes in quotes of either kind,
/// the only places where templates have placeholders.
fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &'static str, value: Value<'_>) -> String {
        fill(template, &[("v", value)]).0
    }

    #[test]
    fn text_cannot_leave_its_place() {
        let evil = r#""><script>alert('1')</script>&amp;"#;
        let safe = "&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;";
        assert_eq!(
            filled(r#"<p title="{{v}}">{{v}}</p>"#, Value::Text(evil)),
            format!(r#"<p title="{safe}">{safe}</p>"#)
        );
    }

    #[test]
    fn a_value_is_not_a_template() {
        let values = [("a", Value::Text("{{b}}{{{b}}}")), ("b", Value::Text("no"))];
        assert_eq!(fill("{{a}}", &values).0, "{{b}}{{{b}}}");
        let html = Markup("{{b}}".into());
        assert_eq!(filled("{{{v}}}", Value::Markup(&html)), "{{b}}");
    }

    #[test]
    fn types_cannot_stand_in_for_each_other() {
        let html = Markup("<b>".into());
        assert_eq!(filled("[{{{v}}}]", Value::Text("<b>")), "[]");
        assert_eq!(filled("[{{v}}]", Value::Markup(&html)), "[]");
        assert_eq!(filled("[{{other}}]", Value::Text("x")), "[]");
        assert_eq!(filled("[{{v", Value::Text("x")), "[v");
    }

    #[test]
    fn the_policy_is_of_the_style_that_is_sent() {
        let page = page("t", &Markup::empty());
        let style = page
            .split_once("<style>")
            .and_then(|(_, rest)| rest.split_once("</style>"));
        let hash = style
            .map(|(style, _)| code::digest(style))
            .unwrap_or_default();
        assert!(policy().contains(&format!("'sha256-{hash}'")));
    }
}
