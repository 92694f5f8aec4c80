//! The network against a second implementation of its definition: f64, no cache, no batches, no
//! code shared with the engine.

use std::sync::Arc;

use engine::Session;

use crate::tiny::{
    BLOCKS, EPSILON, F16, F32, FREQ_BASE, File, HEAD_WIDTH, HEADS, HIDDEN, KV_HEADS, Meta,
    ROPE_WIDTH, Random, VOCABULARY, WIDTH,
};

/// Logits after the last of `tokens`.
fn logits(file: &File, output: &str, divisors: &[f64], tokens: &[u32]) -> Vec<f64> {
    let weight = |name: &str| -> Vec<f64> {
        file.values(name).iter().map(|value| f64::from(*value)).collect()
    };
    let embedding = weight("token_embd.weight");
    let mut states: Vec<Vec<f64>> =
        tokens.iter().map(|token| embedding[*token as usize * WIDTH..][..WIDTH].to_vec()).collect();
    for block in 0..BLOCKS {
        let part = |part: &str| weight(&format!("blk.{block}.{part}.weight"));
        let normed: Vec<Vec<f64>> = states.iter().map(|x| norm(x, &part("attn_norm"))).collect();
        let project = |name: &str, heads: usize, turned: bool| -> Vec<Vec<f64>> {
            let matrix = part(name);
            let rows = normed.iter().enumerate();
            rows.map(|(position, x)| {
                let mut y = times(&matrix, x);
                assert_eq!(y.len(), heads * HEAD_WIDTH);
                if turned {
                    y.chunks_mut(HEAD_WIDTH).for_each(|head| turn(head, position, divisors));
                }
                y
            })
            .collect()
        };
        let queries = project("attn_q", HEADS, true);
        let keys = project("attn_k", KV_HEADS, true);
        let values = project("attn_v", KV_HEADS, false);
        for (position, state) in states.iter_mut().enumerate() {
            let mut mixed = vec![0.0; WIDTH];
            for head in 0..HEADS {
                let kv = head / (HEADS / KV_HEADS) * HEAD_WIDTH;
                let query = &queries[position][head * HEAD_WIDTH..][..HEAD_WIDTH];
                let weights: Vec<f64> = (0..=position)
                    .map(|p| dot(query, &keys[p][kv..][..HEAD_WIDTH]))
                    .map(|score| (score / (HEAD_WIDTH as f64).sqrt()).exp())
                    .collect();
                let sum: f64 = weights.iter().sum();
                for (p, weight) in weights.iter().enumerate() {
                    for i in 0..HEAD_WIDTH {
                        mixed[head * HEAD_WIDTH + i] += weight / sum * values[p][kv + i];
                    }
                }
            }
            add(state, &times(&part("attn_output"), &mixed));
        }
        for state in &mut states {
            let x = norm(state, &part("ffn_norm"));
            let gate = times(&part("ffn_gate"), &x);
            let up = times(&part("ffn_up"), &x);
            let hidden: Vec<f64> =
                gate.iter().zip(&up).map(|(g, u)| g / (1.0 + (-g).exp()) * u).collect();
            assert_eq!(hidden.len(), HIDDEN);
            add(state, &times(&part("ffn_down"), &hidden));
        }
    }
    times(&weight(output), &norm(states.last().unwrap(), &weight("output_norm.weight")))
}

fn norm(x: &[f64], gain: &[f64]) -> Vec<f64> {
    let root = (dot(x, x) / x.len() as f64 + f64::from(EPSILON)).sqrt();
    x.iter().zip(gain).map(|(x, gain)| x / root * gain).collect()
}

fn turn(head: &mut [f64], position: usize, divisors: &[f64]) {
    for pair in 0..ROPE_WIDTH / 2 {
        let speed = f64::from(FREQ_BASE).powf(-2.0 * pair as f64 / ROPE_WIDTH as f64);
        let (sine, cosine) = (position as f64 * speed / divisors[pair]).sin_cos();
        let (a, b) = (head[2 * pair], head[2 * pair + 1]);
        head[2 * pair] = a * cosine - b * sine;
        head[2 * pair + 1] = a * sine + b * cosine;
    }
}

fn times(matrix: &[f64], x: &[f64]) -> Vec<f64> {
    matrix.chunks(x.len()).map(|row| dot(row, x)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(x: &mut [f64], y: &[f64]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
}

/// At every length, in one piece and token by token: within 1e-4 of the oracle.
fn check(file: &File, output: &str, divisors: &[f64]) {
    let model = Arc::new(file.load().unwrap());
    let mut random = Random(77);
    let tokens: Vec<u32> = (0..40).map(|_| random.below(VOCABULARY) as u32).collect();
    let mut steps = Session::new(Arc::clone(&model));
    for length in 1..=tokens.len() {
        let expected = logits(file, output, divisors, &tokens[..length]);
        let spread = expected.iter().fold(0.0_f64, |most, logit| most.max(logit.abs()));
        assert!(spread > 0.5, "logits near zero would prove nothing: {spread}");
        let mut whole = Session::new(Arc::clone(&model));
        let together = whole.forward(&tokens[..length]).unwrap();
        let alone = steps.forward(&tokens[length - 1..length]).unwrap();
        for (expected, found) in expected.iter().zip(together) {
            assert!((expected - f64::from(*found)).abs() < 1e-4, "{length}: {expected} {found}");
        }
        let bits = |logits: &[f32]| logits.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(together), bits(alone), "{length}");
    }
}

#[test]
fn f32_with_an_output_of_its_own() {
    check(&File::tiny(F32, 1), "output.weight", &[1.0; ROPE_WIDTH / 2]);
}

#[test]
fn f16_with_the_embedding_as_output() {
    let mut file = File::tiny(F16, 2);
    file.tensors.retain(|tensor| tensor.name != "output.weight");
    check(&file, "token_embd.weight", &[1.0; ROPE_WIDTH / 2]);
}

#[test]
fn slowed_rotation() {
    let mut file = File::tiny(F32, 3);
    let mut divisors = file.tensor("output_norm.weight").clone();
    divisors.name = "rope_freqs.weight".to_owned();
    divisors.dimensions = vec![2];
    divisors.bytes = [1.0_f32, 8.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    file.tensors.push(divisors);
    check(&file, "output.weight", &[1.0, 8.0]);

    let mut file = File::tiny(F32, 4);
    file.set("llama.rope.scaling.type", Meta::Text("linear".into()));
    file.set("llama.rope.scaling.factor", Meta::F32(4.0));
    check(&file, "output.weight", &[4.0, 4.0]);
}
