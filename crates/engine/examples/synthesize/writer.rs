//! Writes GGUF version 3: metadata from memory, tensors drawn as they are written, so that a file
//! may be larger than memory.

use std::fs::File;
use std::io::{BufWriter, Result, Seek, SeekFrom, Write};
use std::path::Path;

use half::f16;

const ALIGNMENT: u64 = 32;
/// Elements in a block of the quantised types.
const BLOCK: usize = 32;

/// How elements are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    F32,
    F16,
    /// 32 elements: an f16 scale and a signed byte each.
    Q8_0,
    /// 32 elements: an f16 scale and four bits each, of which 8 stand for zero.
    Q4_0,
}

/// What a tensor holds.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    /// Uniform around zero, with a variance of 1 / row length.
    Random,
    /// Uniform around one, within a tenth: the gain of a norm.
    NearOne,
    /// Nothing is written.
    Hole,
}

struct Tensor {
    name: String,
    /// Row length first.
    dimensions: Vec<usize>,
    kind: Kind,
    content: Content,
}

/// A file to be.
#[derive(Default)]
pub struct Writer {
    /// Encoded entries.
    metadata: Vec<u8>,
    metadata_count: u64,
    tensors: Vec<Tensor>,
}

impl Kind {
    pub fn named(name: &str) -> Option<Kind> {
        match name {
            "F32" => Some(Kind::F32),
            "F16" => Some(Kind::F16),
            "Q8_0" => Some(Kind::Q8_0),
            "Q4_0" => Some(Kind::Q4_0),
            _ => None,
        }
    }

    /// The number of the type in files.
    fn number(self) -> u32 {
        match self {
            Kind::F32 => 0,
            Kind::F16 => 1,
            Kind::Q4_0 => 2,
            Kind::Q8_0 => 8,
        }
    }

    /// Bytes of so many elements, a whole number of blocks.
    fn bytes(self, elements: usize) -> u64 {
        let elements = elements as u64;
        match self {
            Kind::F32 => elements * 4,
            Kind::F16 => elements * 2,
            Kind::Q8_0 => elements / BLOCK as u64 * 34,
            Kind::Q4_0 => elements / BLOCK as u64 * 18,
        }
    }
}

impl Writer {
    pub fn number(&mut self, key: &str, value: u32) {
        self.entry(key, 4, &value.to_le_bytes());
    }

    pub fn float(&mut self, key: &str, value: f32) {
        self.entry(key, 6, &value.to_le_bytes());
    }

    pub fn switch(&mut self, key: &str, value: bool) {
        self.entry(key, 7, &[u8::from(value)]);
    }

    pub fn text(&mut self, key: &str, value: &str) {
        self.entry(key, 8, &encoded(value));
    }

    pub fn texts(&mut self, key: &str, values: impl ExactSizeIterator<Item = String>) {
        let mut bytes = array(8, values.len());
        values.for_each(|value| bytes.extend(encoded(&value)));
        self.entry(key, 9, &bytes);
    }

    pub fn integers(&mut self, key: &str, values: impl ExactSizeIterator<Item = i32>) {
        let mut bytes = array(5, values.len());
        bytes.extend(values.flat_map(i32::to_le_bytes));
        self.entry(key, 9, &bytes);
    }

    pub fn floats(&mut self, key: &str, values: impl ExactSizeIterator<Item = f32>) {
        let mut bytes = array(6, values.len());
        bytes.extend(values.flat_map(f32::to_le_bytes));
        self.entry(key, 9, &bytes);
    }

    fn entry(&mut self, key: &str, kind: u32, value: &[u8]) {
        self.metadata_count += 1;
        self.metadata.extend(encoded(key));
        self.metadata.extend(kind.to_le_bytes());
        self.metadata.extend(value);
    }

    /// `dimensions` with the row length first.
    pub fn tensor(&mut self, name: String, dimensions: &[usize], kind: Kind, content: Content) {
        self.tensors.push(Tensor { name, dimensions: dimensions.to_vec(), kind, content });
    }

    /// Elements of all tensors.
    pub fn parameters(&self) -> usize {
        self.tensors.iter().map(Tensor::elements).sum()
    }

    /// Writes everything and returns the size of the file in bytes.
    pub fn write(&self, path: &Path) -> Result<u64> {
        let mut header = b"GGUF".to_vec();
        header.extend(3_u32.to_le_bytes());
        header.extend((self.tensors.len() as u64).to_le_bytes());
        header.extend(self.metadata_count.to_le_bytes());
        header.extend(&self.metadata);
        let mut offset = 0_u64;
        for tensor in &self.tensors {
            header.extend(encoded(&tensor.name));
            header.extend((tensor.dimensions.len() as u32).to_le_bytes());
            header.extend(tensor.dimensions.iter().flat_map(|d| (*d as u64).to_le_bytes()));
            header.extend(tensor.kind.number().to_le_bytes());
            header.extend(offset.to_le_bytes());
            offset = (offset + tensor.bytes()).next_multiple_of(ALIGNMENT);
        }
        let mut position = (header.len() as u64).next_multiple_of(ALIGNMENT);

        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        file.write_all(&header)?;
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for tensor in &self.tensors {
            if !matches!(tensor.content, Content::Hole) {
                file.seek(SeekFrom::Start(position))?;
                tensor.write(&mut file, &mut random)?;
            }
            position = (position + tensor.bytes()).next_multiple_of(ALIGNMENT);
        }
        file.into_inner()?.set_len(position)?;
        Ok(position)
    }
}

impl Tensor {
    fn elements(&self) -> usize {
        self.dimensions.iter().product()
    }

    fn bytes(&self) -> u64 {
        self.kind.bytes(self.elements())
    }

    fn write(&self, file: &mut impl Write, random: &mut Random) -> Result<()> {
        let columns = self.dimensions[0];
        // Uniform from -spread to spread has a variance of spread² / 3.
        let (centre, spread) = match self.content {
            Content::NearOne => (1.0, 0.1),
            Content::Random | Content::Hole => (0.0, (3.0 / columns as f32).sqrt()),
        };
        match self.kind {
            Kind::F32 => {
                for _ in 0..self.elements() {
                    file.write_all(&(centre + spread * random.unit()).to_le_bytes())?;
                }
            }
            Kind::F16 => {
                for _ in 0..self.elements() {
                    let value = f16::from_f32(centre + spread * random.unit());
                    file.write_all(&value.to_le_bytes())?;
                }
            }
            Kind::Q8_0 => {
                let scale = f16::from_f32(spread / 127.0).to_le_bytes();
                for _ in 0..self.elements() / BLOCK {
                    file.write_all(&scale)?;
                    for _ in 0..BLOCK / 8 {
                        file.write_all(&random.next().to_le_bytes())?;
                    }
                }
            }
            Kind::Q4_0 => {
                let scale = f16::from_f32(spread / 8.0).to_le_bytes();
                for _ in 0..self.elements() / BLOCK {
                    file.write_all(&scale)?;
                    for _ in 0..BLOCK / 16 {
                        let bytes = random.next().to_le_bytes();
                        file.write_all(&bytes.map(without_least))?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Two numbers of four bits of which 8 is the middle: the least, 0, becomes that, so that there
/// are as many above as below and all tokens do not lean to one side.
fn without_least(byte: u8) -> u8 {
    let low = if byte & 0x0f == 0 { 0x08 } else { byte & 0x0f };
    let high = if byte & 0xf0 == 0 { 0x80 } else { byte & 0xf0 };
    high | low
}

/// A text with its length before it.
fn encoded(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text.bytes());
    bytes
}

/// The beginning of an array of a type.
fn array(kind: u32, count: usize) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend((count as u64).to_le_bytes());
    bytes
}

/// Deterministic numbers (xorshift, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From -1 to 1.
    fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / 8_388_608.0 - 1.0
    }
}
