//! An endpoint's breaker settings as one flag: `off`, or `consecutive=20,share=50%,window=100,…`.

use std::str::FromStr;

use crate::api::endpoint::BreakerBody;
use crate::domain::breaker::share_permille;

/// What `--breaker` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BreakerFlag(pub(super) BreakerBody);

impl FromStr for BreakerFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut body = BreakerBody::default();
        for part in text.split(',').map(str::trim) {
            take(&mut body, part).map_err(|what| {
                format!(
                    "{what}; write on, off, or settings such as \
                     consecutive=20,share=50%,window=100,attempts-min=20,probe-first=5s,probe-max=5m"
                )
            })?;
        }
        Ok(Self(body))
    }
}

/// Takes one setting up; its range is the service's to judge.
fn take(body: &mut BreakerBody, part: &str) -> Result<(), String> {
    let Some((name, value)) = part.split_once('=') else {
        body.enabled = Some(match part {
            "on" => true,
            "off" => false,
            other => return Err(format!("{other:?} has no =")),
        });
        return Ok(());
    };
    let number = || {
        value
            .parse()
            .map_err(|_| format!("{name} {value:?} is not a whole number"))
    };
    match name {
        "consecutive" => body.consecutive = Some(number()?),
        "window" => body.window = Some(number()?),
        "attempts-min" => body.attempts_min = Some(number()?),
        "probe-first" => body.probe_first = Some(value.to_owned()),
        "probe-max" => body.probe_max = Some(value.to_owned()),
        "share" => {
            let permille = share_permille(value)
                .ok_or_else(|| format!("share {value:?} is none of 0.1% to 100%"))?;
            body.share = serde_json::Number::from_f64(f64::from(permille) / 1_000.0);
        }
        _ => return Err(format!("{name:?} is not known")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_or_say_what_is_wrong() {
        let BreakerFlag(body) = "share=25%, window=40,probe-max=1h".parse().unwrap();
        assert_eq!(body.share, serde_json::Number::from_f64(0.25));
        assert_eq!((body.window, body.enabled), (Some(40), None));
        assert_eq!(body.probe_max.as_deref(), Some("1h"));
        let BreakerFlag(body) = "off".parse().unwrap();
        assert_eq!(body.enabled, Some(false));
        for (text, message) in [
            ("", "\"\" has no ="),
            ("of", "\"of\" has no ="),
            ("window=many", "window \"many\" is not a whole number"),
            ("share=2", "share \"2\" is none of 0.1% to 100%"),
            ("probe=1s", "\"probe\" is not known"),
        ] {
            let error = text.parse::<BreakerFlag>().unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
