//! Keys and values of past tokens, so that each token is computed once.
//!
//! They are kept in pages of [`PAGE_POSITIONS`] positions (Kwon et al. 2023, arXiv:2309.06180).
//! A page is written by one sequence only; once two hold it, nobody writes to it, and who has to
//! go on within it copies the part that is in use first. So sequences that begin alike share the
//! memory of their beginning, and [`prefixes`] finds it again for those that come later.

pub(crate) mod prefixes;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::kernels::{PAGE_POSITIONS, Past};

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
    /// Bytes of one page. None if that is more than can be addressed.
    pub(crate) fn page_bytes(&self) -> Option<u64> {
        let elements = (self.layers as u64)
            .checked_mul(2 * PAGE_POSITIONS as u64)?
            .checked_mul(self.width as u64)?;
        let bytes = elements.checked_mul(size_of::<f32>() as u64)?;
        (bytes <= isize::MAX as u64).then_some(bytes)
    }

    /// Bytes when full. None if that is more than can be addressed.
    pub(crate) fn bytes_max(&self) -> Option<u64> {
        let pages = self.positions_max.div_ceil(PAGE_POSITIONS) as u64;
        let bytes = self.page_bytes()?.checked_mul(pages)?;
        (bytes <= isize::MAX as u64).then_some(bytes)
    }

    /// Elements of the keys, and of the values, of one layer in one page.
    fn layer_elements(&self) -> usize {
        PAGE_POSITIONS * self.width
    }
}

/// How many pages of a model there are; each of them has a share in this.
pub(crate) type PageCount = Arc<AtomicUsize>;

/// Keys and values of some positions in all layers.
pub(crate) struct Page {
    /// [layers, keys and values, positions, width].
    elements: Box<[f32]>,
    count: PageCount,
}

impl Page {
    fn new(shape: &CacheShape, count: &PageCount) -> Page {
        count.fetch_add(1, Ordering::Relaxed);
        let elements = vec![0.0; shape.layers * 2 * shape.layer_elements()].into_boxed_slice();
        Page { elements, count: Arc::clone(count) }
    }

    /// A copy of the first `positions`.
    fn copy(&self, shape: &CacheShape, positions: usize) -> Page {
        let mut copy = Page::new(shape, &self.count);
        let used = positions * shape.width;
        let parts = self.elements.chunks_exact(shape.layer_elements());
        for (to, from) in copy.elements.chunks_exact_mut(shape.layer_elements()).zip(parts) {
            to[..used].copy_from_slice(&from[..used]);
        }
        copy
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("elements", &self.elements.len()).finish_non_exhaustive()
    }
}

/// The memory of one sequence. Grows with it; a clone shares the pages.
#[derive(Debug, Clone)]
pub(crate) struct KvCache {
    shape: CacheShape,
    count: PageCount,
    /// As many as the positions need, and during a step those of its tokens.
    pages: Vec<Arc<Page>>,
    /// Positions that are complete in all layers.
    length: usize,
}

impl KvCache {
    /// An empty one, whose pages are counted in `count`.
    pub(crate) fn new(shape: CacheShape, count: PageCount) -> KvCache {
        KvCache { shape, count, pages: Vec::new(), length: 0 }
    }

    /// Positions that are complete: the position of the next token.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    pub(crate) fn positions_max(&self) -> usize {
        self.shape.positions_max
    }

    pub(crate) fn pages(&self) -> &[Arc<Page>] {
        &self.pages
    }

    /// Bytes of keys and values of all pages, shared ones included.
    pub(crate) fn bytes(&self) -> usize {
        let elements: usize = self.pages.iter().map(|page| page.elements.len()).sum();
        elements * size_of::<f32>()
    }

    /// Pages that [`KvCache::reserve`] would make.
    pub(crate) fn missing_pages(&self, tokens: usize) -> usize {
        let end = (self.length + tokens).div_ceil(PAGE_POSITIONS);
        end - self.pages.len() + usize::from(self.has_shared_tail())
    }

    /// Room for `tokens` more, that is this sequence's own. Comes before [`KvCache::write`].
    pub(crate) fn reserve(&mut self, tokens: usize) {
        let end = self.length + tokens;
        assert!(end <= self.shape.positions_max, "the caller checks the context");
        if self.has_shared_tail()
            && let Some(tail) = self.pages.last_mut()
        {
            *tail = Arc::new(tail.copy(&self.shape, self.length % PAGE_POSITIONS));
        }
        while self.pages.len() * PAGE_POSITIONS < end {
            self.pages.push(Arc::new(Page::new(&self.shape, &self.count)));
        }
    }

    /// Whether the next token goes to a page that others hold too.
    fn has_shared_tail(&self) -> bool {
        let is_partly_filled = !self.length.is_multiple_of(PAGE_POSITIONS);
        is_partly_filled && self.pages.last().is_some_and(|page| Arc::strong_count(page) > 1)
    }

    /// Keys and values, both [tokens, width], of the positions after those that are complete, in
    /// one layer.
    pub(crate) fn write(&mut self, layer: usize, keys: &[f32], values: &[f32]) {
        let width = self.shape.width;
        let layer_elements = self.shape.layer_elements();
        let rows = keys.chunks_exact(width).zip(values.chunks_exact(width));
        for (position, (key, value)) in (self.length..).zip(rows) {
            let page = Arc::get_mut(&mut self.pages[position / PAGE_POSITIONS])
                .expect("`reserve` made the pages of new positions this sequence's own");
            let of_keys = 2 * layer * layer_elements + position % PAGE_POSITIONS * width;
            page.elements[of_keys..][..width].copy_from_slice(key);
            page.elements[of_keys + layer_elements..][..width].copy_from_slice(value);
        }
    }

    /// Keys and values of one layer, of all positions and of `tokens` that were written after
    /// them.
    pub(crate) fn past(&self, layer: usize, tokens: usize) -> Past<'_> {
        let layer_elements = self.shape.layer_elements();
        let mut past = Past { tokens, positions: self.length + tokens, ..Past::default() };
        for page in &self.pages {
            let of_layer = &page.elements[2 * layer * layer_elements..][..2 * layer_elements];
            let (keys, values) = of_layer.split_at(layer_elements);
            past.keys.push(keys);
            past.values.push(values);
        }
        past
    }

    /// After every layer got its share: counts `tokens` more positions as complete.
    pub(crate) fn advance(&mut self, tokens: usize) {
        self.length += tokens;
        assert_eq!(self.pages.len(), self.length.div_ceil(PAGE_POSITIONS));
    }

    /// Forgets all positions from `length` on.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
        self.pages.truncate(self.length.div_ceil(PAGE_POSITIONS));
    }

    /// Appends a page that is complete, to positions that end where a page does.
    pub(crate) fn attach(&mut self, page: Arc<Page>) {
        assert!(self.length.is_multiple_of(PAGE_POSITIONS), "pages follow one another");
        self.pages.push(page);
        self.length += PAGE_POSITIONS;
    }

    /// Appends a copy of the first `positions` of a page, fewer than all, to positions that end
    /// where a page does.
    pub(crate) fn attach_copy(&mut self, page: &Page, positions: usize) {
        assert!(self.length.is_multiple_of(PAGE_POSITIONS) && positions < PAGE_POSITIONS);
        if positions > 0 {
            self.pages.push(Arc::new(page.copy(&self.shape, positions)));
            self.length += positions;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_the_limit_and_shares() {
        let shape = CacheShape { layers: 2, width: 3, positions_max: PAGE_POSITIONS + 5 };
        let mut cache = KvCache::new(shape, PageCount::default());
        for position in 0..shape.positions_max {
            let row = [position as f32; 3];
            cache.reserve(1);
            for layer in 0..2 {
                cache.write(layer, &row, &[-1.0; 3]);
                let past = cache.past(layer, 1);
                assert_eq!((past.positions, past.tokens), (position + 1, 1));
                let in_page = position % PAGE_POSITIONS * 3;
                assert_eq!(past.keys[position / PAGE_POSITIONS][in_page..][..3], row);
                assert_eq!(past.values[position / PAGE_POSITIONS][in_page..][..3], [-1.0; 3]);
            }
            cache.advance(1);
        }
        assert_eq!(Some(cache.bytes() as u64), shape.bytes_max());
        assert_eq!(shape.bytes_max(), Some(2 * 2 * 2 * 3 * PAGE_POSITIONS as u64 * 4));
        let mut fork = cache.clone();
        fork.truncate(PAGE_POSITIONS + 2);
        assert_eq!(cache.count.load(Ordering::Relaxed), 2, "nothing was copied");
        assert_eq!((fork.missing_pages(0), fork.missing_pages(1)), (1, 1));
        fork.reserve(1);
        fork.write(0, &[7.0; 3], &[7.0; 3]);
        assert_eq!(cache.count.load(Ordering::Relaxed), 3, "only the last page");
        let at = |cache: &KvCache, position: usize| cache.past(0, 0).keys[1][3 * position];
        let beginning = PAGE_POSITIONS as f32;
        assert_eq!((at(&fork, 1), at(&fork, 2)), (beginning + 1.0, 7.0));
        assert_eq!((at(&cache, 1), at(&cache, 2)), (beginning + 1.0, beginning + 2.0));
        drop(cache);
        assert_eq!(fork.count.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn absurd_shapes_do_not_overflow() {
        for (layers, width, positions_max) in
            [(usize::MAX, 2, 2), (2, usize::MAX, 2), (2, 2, usize::MAX), (1 << 40, 1 << 20, 1)]
        {
            let shape = CacheShape { layers, width, positions_max };
            assert_eq!(shape.bytes_max(), None);
        }
    }
}
