//! The screen of pixels that the firmware set up: the kernel's first framebuffer.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use station::{Area, Frame};

/// What the kernel says of the framebuffer.
const ABOUT: &str = "/sys/class/graphics/fb0";
const DEVICE: &str = "/dev/fb0";
/// Nothing that is smaller can be drawn on, and nothing larger is a screen.
const SIDES: std::ops::RangeInclusive<u32> = 320..=16_384;

/// A framebuffer.
#[derive(Debug)]
pub struct Screen {
    device: File,
    shape: Shape,
}

/// How pixels lie in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    width: u32,
    height: u32,
    /// Bytes from a row to the next.
    stride: u64,
    depth: Depth,
}

/// How a pixel is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    /// Five bits of red, six of green, five of blue.
    Two,
    /// Blue, green, red.
    Three,
    /// Blue, green, red, nothing.
    Four,
}

impl Screen {
    /// The first framebuffer, where there is one that can be drawn on.
    pub fn open() -> Option<Self> {
        let shape = Shape::read(Path::new(ABOUT))?;
        let device = OpenOptions::new().write(true).open(DEVICE).ok()?;
        Some(Self { device, shape })
    }

    /// Pixels across and down.
    pub fn size(&self) -> (u32, u32) {
        (self.shape.width, self.shape.height)
    }

    /// Shows an area of a frame. A screen that does not take it stays as it is: there is nobody to tell.
    pub fn show(&self, frame: &Frame, area: Area) {
        let mut bytes = Vec::new();
        for y in area.y..area.y.saturating_add(area.height).min(self.shape.height) {
            let Some(row) = row(frame, area, y) else { return };
            bytes.clear();
            row.iter().for_each(|pixel| self.shape.depth.push(*pixel, &mut bytes));
            let at = u64::from(y) * self.shape.stride + u64::from(area.x) * self.shape.depth.bytes();
            if self.device.write_all_at(&bytes, at).is_err() {
                return;
            }
        }
    }
}

fn row(frame: &Frame, area: Area, y: u32) -> Option<&[u32]> {
    let start = (y as usize).checked_mul(frame.width as usize)?.checked_add(area.x as usize)?;
    frame.pixels.get(start..start.checked_add(area.width as usize)?)
}

impl Shape {
    fn read(about: &Path) -> Option<Self> {
        let word = |name: &str| fs::read_to_string(about.join(name)).ok();
        let (width, height) = word("modes")
            .and_then(|modes| mode(&modes))
            .or_else(|| pair(word("virtual_size")?.trim(), ','))
            .filter(|(width, height)| SIDES.contains(width) && SIDES.contains(height))?;
        let depth = match word("bits_per_pixel")?.trim() {
            "16" => Depth::Two,
            "24" => Depth::Three,
            "32" => Depth::Four,
            _ => return None,
        };
        let stride: u64 = word("stride")?.trim().parse().ok()?;
        (stride >= u64::from(width) * depth.bytes() && stride < 1 << 20).then_some(Self {
            width,
            height,
            stride,
            depth,
        })
    }
}

impl Depth {
    fn bytes(self) -> u64 {
        match self {
            Self::Two => 2,
            Self::Three => 3,
            Self::Four => 4,
        }
    }

    fn push(self, pixel: u32, bytes: &mut Vec<u8>) {
        let [blue, green, red, _] = pixel.to_le_bytes();
        match self {
            Self::Two => {
                let packed = u16::from(red >> 3) << 11 | u16::from(green >> 2) << 5 | u16::from(blue >> 3);
                bytes.extend(packed.to_le_bytes());
            }
            Self::Three => bytes.extend([blue, green, red]),
            Self::Four => bytes.extend([blue, green, red, 0]),
        }
    }
}

/// The size in the first mode of a list: `U:1024x768p-0`. The framebuffer itself may be larger than the screen.
fn mode(modes: &str) -> Option<(u32, u32)> {
    let (_, size) = modes.lines().next()?.split_once(':')?;
    let end = size.find(|c: char| !c.is_ascii_digit() && c != 'x').unwrap_or(size.len());
    pair(&size[..end], 'x')
}

fn pair(text: &str, between: char) -> Option<(u32, u32)> {
    let (width, height) = text.split_once(between)?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(files: &[(&str, &str)]) -> Option<Shape> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Shape::read(folder.path())
    }

    #[test]
    fn the_shape_is_read_from_what_the_kernel_says() {
        let files = [("modes", "U:1280x800p-0\n"), ("bits_per_pixel", "32\n"), ("stride", "5120\n")];
        let expected = Shape { width: 1280, height: 800, stride: 5120, depth: Depth::Four };
        assert_eq!(shape(&files), Some(expected));
        let files = [("virtual_size", "1024,768\n"), ("bits_per_pixel", "16\n"), ("stride", "2048\n")];
        assert_eq!(shape(&files), Some(Shape { width: 1024, height: 768, stride: 2048, depth: Depth::Two }));
    }

    #[test]
    fn a_shape_that_cannot_be_is_no_screen() {
        let tiny = [("virtual_size", "80,25"), ("bits_per_pixel", "32"), ("stride", "320")];
        let narrow = [("virtual_size", "800,600"), ("bits_per_pixel", "32"), ("stride", "800")];
        let grey = [("virtual_size", "800,600"), ("bits_per_pixel", "8"), ("stride", "800")];
        assert_eq!([shape(&tiny), shape(&narrow), shape(&grey), shape(&[])], [None; 4]);
    }

    #[test]
    fn pixels_are_kept_as_their_depth_says() {
        let kept = |depth: Depth| {
            let mut bytes = Vec::new();
            depth.push(0x00ff_8001, &mut bytes);
            bytes
        };
        assert_eq!(kept(Depth::Four), [0x01, 0x80, 0xff, 0]);
        assert_eq!(kept(Depth::Three), [0x01, 0x80, 0xff]);
        assert_eq!(kept(Depth::Two), [0x00, 0xfc]);
    }
}
