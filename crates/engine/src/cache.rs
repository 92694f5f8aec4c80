//! Keys and values of past tokens, so that each token is computed once.

/// What a network needs to remember, and for how many tokens at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CacheShape {
    pub(crate) layers: usize,
    /// Elements of a key, and of a value, of one token in one layer: all key heads together.
    pub(crate) width: usize,
    /// Tokens that fit.
    pub(crate) positions_max: usize,
}

impl CacheShape {
    /// Bytes when full. None if that is more than can be addressed.
    pub(crate) fn bytes_max(&self) -> Option<u64> {
        let elements = (self.layers as u64)
            .checked_mul(2)?
            .checked_mul(self.width as u64)?
            .checked_mul(self.positions_max as u64)?;
        let bytes = elements.checked_mul(size_of::<f32>() as u64)?;
        (bytes <= isize::MAX as u64).then_some(bytes)
    }
}

/// The memory of one sequence. Grows with it; a clone copies only what is in use.
#[derive(Debug, Clone)]
pub(crate) struct KvCache {
    shape: CacheShape,
    layers: Vec<Layer>,
    /// Positions that are complete in all layers.
    length: usize,
}

/// Keys and values of one layer, both [positions, width].
#[derive(Debug, Clone, Default)]
struct Layer {
    keys: Vec<f32>,
    values: Vec<f32>,
}

impl KvCache {
    pub(crate) fn new(shape: CacheShape) -> KvCache {
        KvCache { shape, layers: vec![Layer::default(); shape.layers], length: 0 }
    }

    /// Positions that are complete: the position of the next token.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    pub(crate) fn positions_max(&self) -> usize {
        self.shape.positions_max
    }

    /// Bytes of keys and values that are reserved, in use or not.
    pub(crate) fn bytes(&self) -> usize {
        let elements = |layer: &Layer| layer.keys.capacity() + layer.values.capacity();
        self.layers.iter().map(elements).sum::<usize>() * size_of::<f32>()
    }

    /// Appends keys and values, both [tokens, width], to one layer, and returns all of that
    /// layer, both [length + tokens, width].
    pub(crate) fn extend(
        &mut self,
        layer: usize,
        keys: &[f32],
        values: &[f32],
    ) -> (&[f32], &[f32]) {
        let elements_max = self.shape.positions_max * self.shape.width;
        let layer = &mut self.layers[layer];
        append(&mut layer.keys, keys, elements_max);
        append(&mut layer.values, values, elements_max);
        (&layer.keys, &layer.values)
    }

    /// After every layer got its share: counts `tokens` more positions as complete.
    pub(crate) fn advance(&mut self, tokens: usize) {
        self.length += tokens;
        let elements = self.length * self.shape.width;
        assert!(self.layers.iter().all(|layer| layer.keys.len() == elements));
    }

    /// Forgets all positions from `length` on.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
        for layer in &mut self.layers {
            layer.keys.truncate(self.length * self.shape.width);
            layer.values.truncate(self.length * self.shape.width);
        }
    }
}

/// Doubles the room when it is used up, but never beyond what a full cache takes.
fn append(to: &mut Vec<f32>, elements: &[f32], elements_max: usize) {
    let length = to.len() + elements.len();
    assert!(length <= elements_max, "the caller checks the context");
    if length > to.capacity() {
        let capacity = (2 * length).min(elements_max);
        to.reserve_exact(capacity - to.len());
    }
    to.extend_from_slice(elements);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_the_limit_and_not_beyond() {
        let shape = CacheShape { layers: 2, width: 3, positions_max: 5 };
        let mut cache = KvCache::new(shape);
        for position in 0..5 {
            let row = [position as f32; 3];
            for layer in 0..2 {
                let (keys, values) = cache.extend(layer, &row, &row);
                assert_eq!(keys.len(), 3 * (position + 1));
                assert_eq!(keys, values);
            }
            cache.advance(1);
        }
        assert_eq!(cache.layers[0].keys.capacity(), 15);
        assert_eq!(Some(cache.bytes() as u64), shape.bytes_max());
        assert_eq!(shape.bytes_max(), Some(2 * 2 * 3 * 5 * 4));
        cache.truncate(2);
        assert_eq!((cache.length(), cache.layers[1].values.len()), (2, 6));
    }

    #[test]
    fn absurd_shapes_do_not_overflow() {
        let shape = CacheShape { layers: usize::MAX, width: 2, positions_max: 2 };
        assert_eq!(shape.bytes_max(), None);
    }
}
