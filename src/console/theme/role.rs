//! What text can mean.

macro_rules! roles {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What a piece of text means; a theme says how that looks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Role {
            $($(#[$doc])* $variant,)*
        }

        impl Role {
            /// All roles, in the order of their numbers.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in theme files.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

roles! {
    /// Plain text.
    Text = "text",
    /// Text of less weight.
    Muted = "text.muted",
    /// Text of more weight.
    Strong = "text.strong",
    /// What guides the eye: titles, active tabs.
    Accent = "accent",
    /// Names of keys in footer and help.
    Key = "key",
    /// Lines between things.
    Border = "border",
    /// Lines around what has the keys.
    BorderFocus = "border.focus",
    /// The selected row.
    Cursor = "cursor",
    /// A marked row.
    Mark = "mark",
    /// What a search found.
    Match = "match",
    /// Delivered, active.
    StateOk = "state.ok",
    /// Failed.
    StateFailed = "state.failed",
    /// Pending after a failure.
    StateRetrying = "state.retrying",
    /// On its way, or waiting for its first attempt.
    StateInflight = "state.inflight",
    /// Held, paused, disabled.
    StatePaused = "state.paused",
    /// Dead, discarded.
    StateDead = "state.dead",
    /// News.
    LevelInfo = "level.info",
    /// Worth a look.
    LevelWarn = "level.warn",
    /// Worth acting on.
    LevelError = "level.error",
    /// Lines that were added.
    DiffAdd = "diff.add",
    /// Lines that are gone.
    DiffDel = "diff.del",
    /// Names of members.
    JsonKey = "json.key",
    /// JSON texts.
    JsonString = "json.string",
    /// JSON numbers.
    JsonNumber = "json.number",
    /// `true`, `false`, `null`.
    JsonLiteral = "json.literal",
    /// Braces and commas.
    JsonPunct = "json.punct",
    /// Series of charts.
    Chart1 = "chart.1",
    /// Series of charts.
    Chart2 = "chart.2",
    /// Series of charts.
    Chart3 = "chart.3",
    /// Series of charts.
    Chart4 = "chart.4",
    /// Series of charts.
    Chart5 = "chart.5",
    /// Series of charts.
    Chart6 = "chart.6",
    /// Cold cells of heat maps.
    Heat0 = "heat.0",
    /// Warmer.
    Heat1 = "heat.1",
    /// Warmer.
    Heat2 = "heat.2",
    /// Warmer.
    Heat3 = "heat.3",
    /// Hot.
    Heat4 = "heat.4",
    /// The banner of production.
    EnvProduction = "env.production",
    /// The banner of staging.
    EnvStaging = "env.staging",
    /// The banner of development.
    EnvDev = "env.dev",
    /// The badge of a console that may only look.
    ReadOnly = "readonly",
    /// The badge of a console whose writes are armed.
    Armed = "armed",
}

impl Role {
    /// Whether it is read; the others are drawn: lines, bars and cells that stand beside words and figures.
    pub(super) const fn is_text(self) -> bool {
        !matches!(
            self,
            Self::Border
                | Self::BorderFocus
                | Self::Chart1
                | Self::Chart2
                | Self::Chart3
                | Self::Chart4
                | Self::Chart5
                | Self::Chart6
                | Self::Heat0
                | Self::Heat1
                | Self::Heat2
                | Self::Heat3
                | Self::Heat4
        )
    }
}
