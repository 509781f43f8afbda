//! How well colours can be told apart, as figures: pure functions of sRGB colours.
//!
//! - Contrast: relative luminance and contrast ratio as WCAG 2.2 defines them; 1 to 21.
//! - Distance: CIE 1976 L\*a\*b\* under D65, Euclidean (ΔE\*ab); about 2.3 is just noticeable, black to white is 100.
//! - Colour vision: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A Physiologically-based Model for Simulation of
//!   Color Vision Deficiency", IEEE TVCG 15(6), 2009: their matrices for severity 1.0, applied to linear sRGB.

/// A colour: red, green, blue of sRGB.
pub(super) type Rgb = [u8; 3];

/// Contrast that text needs (WCAG 2.2, success criterion 1.4.3, level AA).
pub(super) const TEXT_CONTRAST_MIN: f64 = 4.5;
/// Contrast that text needs for low vision (success criterion 1.4.6, level AAA).
pub(super) const TEXT_CONTRAST_MIN_HIGH: f64 = 7.0;

/// Of linear sRGB, each row one row of the product.
type Matrix = [[f64; 3]; 3];

/// From linear sRGB to CIE XYZ (IEC 61966-2-1).
const XYZ: Matrix = [
    [0.412_456_4, 0.357_576_1, 0.180_437_5],
    [0.212_672_9, 0.715_152_2, 0.072_175_0],
    [0.019_333_9, 0.119_192_0, 0.950_304_1],
];
/// The white point D65.
const WHITE: [f64; 3] = [0.950_47, 1.0, 1.088_83];

/// Colour vision in which one kind of cone is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Vision {
    /// No cones for middle wavelengths.
    Deuteranopia,
    /// No cones for long wavelengths.
    Protanopia,
    /// No cones for short wavelengths.
    Tritanopia,
}

impl Vision {
    pub(super) const ALL: [Self; 3] = [Self::Deuteranopia, Self::Protanopia, Self::Tritanopia];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deuteranopia => "deuteranopia",
            Self::Protanopia => "protanopia",
            Self::Tritanopia => "tritanopia",
        }
    }

    const fn matrix(self) -> Matrix {
        match self {
            Self::Deuteranopia => [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
            Self::Protanopia => [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
            Self::Tritanopia => [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        }
    }
}

/// The contrast ratio of two colours, whichever is the text: 1 to 21.
pub(super) fn ratio(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Whether text on this background gains contrast by being lighter: white stands out more than black does.
pub(super) fn is_dark(background: Rgb) -> bool {
    ratio(background, [u8::MAX; 3]) > ratio(background, [0; 3])
}

/// How far apart two colours are in L\*a\*b\*; as seen by everybody (`None`), or by that colour vision.
pub(super) fn distance(one: Rgb, other: Rgb, vision: Option<Vision>) -> f64 {
    let seen = |color: Rgb| {
        let linear = color.map(linear);
        lab(vision.map_or(linear, |vision| {
            times(vision.matrix(), linear).map(|channel| channel.clamp(0.0, 1.0))
        }))
    };
    let squares = seen(one)
        .into_iter()
        .zip(seen(other))
        .map(|(one, other)| (one - other).powi(2));
    squares.sum::<f64>().sqrt()
}

/// A figure as it is told: rounded down, so that none looks better than it is.
pub(super) fn hundredths(figure: f64) -> f64 {
    (figure * 100.0).floor() / 100.0
}

fn luminance(color: Rgb) -> f64 {
    let [red, green, blue] = color.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// A channel as light: 0 to 1.
fn linear(channel: u8) -> f64 {
    let channel = f64::from(channel) / 255.0;
    if channel <= 0.040_45 {
        channel / 12.92
    } else {
        ((channel + 0.055) / 1.055).powf(2.4)
    }
}

fn times(matrix: Matrix, vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(one, other)| one * other).sum())
}

fn lab(linear: [f64; 3]) -> [f64; 3] {
    // Where the cube root gives way to a line, so that black is no singularity.
    const BEND: f64 = 6.0 / 29.0;
    let xyz = times(XYZ, linear);
    let [x, y, z] = [0, 1, 2].map(|at| {
        let part = xyz[at] / WHITE[at];
        if part > BEND.powi(3) {
            part.cbrt()
        } else {
            part / (3.0 * BEND.powi(2)) + 4.0 / 29.0
        }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: Rgb = [0; 3];
    const WHITE: Rgb = [255; 3];

    fn near(found: f64, expected: f64, what: &str) {
        assert!(
            (found - expected).abs() < 0.05,
            "{what}: {found}, not {expected}"
        );
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        near(ratio(BLACK, WHITE), 21.0, "the most");
        near(ratio(WHITE, WHITE), 1.0, "the least");
        // The grey that is known as the lightest which passes on white.
        assert!(ratio([0x76; 3], WHITE) >= 4.5);
        assert!(ratio([0x77; 3], WHITE) < 4.5);
        near(ratio([255, 0, 0], WHITE), 3.998, "red on white");
        assert_eq!(ratio([1, 2, 3], WHITE), ratio(WHITE, [1, 2, 3]));
        assert!(is_dark([0x16, 0x18, 0x1d]) && !is_dark([0xfb, 0xfb, 0xf8]));
    }

    #[test]
    fn distance_is_that_of_lab() {
        near(distance(BLACK, WHITE, None), 100.0, "black and white");
        near(distance([255, 0, 0], [0, 255, 0], None), 170.6, "primaries");
        near(lab([1.0, 0.0, 0.0])[0], 53.24, "the lightness of red");
        near(lab([0.0, 0.0, 1.0])[2], -107.86, "the b* of blue");
    }

    #[test]
    fn who_misses_a_cone_confuses_what_the_others_tell_apart() {
        let (green, red, blue, yellow) = (
            [0x8f, 0xd6, 0x94],
            [0xff, 0x7a, 0x85],
            [0, 0, 255],
            [0xf2, 0xc1, 0x4e],
        );
        let seen = |vision| distance(green, red, vision);
        near(seen(None), 88.1, "normal");
        near(seen(Some(Vision::Deuteranopia)), 7.7, "deuteranopia");
        near(seen(Some(Vision::Protanopia)), 30.7, "protanopia");
        near(seen(Some(Vision::Tritanopia)), 89.2, "tritanopia");
        for vision in Vision::ALL {
            // A grey stays what it is, so black and white stay as far apart.
            near(distance(BLACK, WHITE, Some(vision)), 100.0, vision.as_str());
            assert!(distance(blue, yellow, Some(vision)) > 20.0);
        }
    }
}
