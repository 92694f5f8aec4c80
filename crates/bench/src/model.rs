//! The embedded model: loading, first token, tokens per second, a function of twenty lines.

use std::ops::ControlFlow;
use std::time::Instant;

use anyhow::{Result, ensure};
use providers::local::Local;
use providers::{Cancel, Limits, Provider as _};
use types::{BudgetAccount, Message, Prompt, PromptBody, Role, Sampling};

use crate::{head, row};

const RUNS: usize = 50;

/// About what a function of twenty lines takes (measured: 8 to 10 tokens a line).
const FUNCTION_TOKENS: usize = 200;

pub fn run() -> Result<()> {
    let mut load = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        Local::embedded()?;
        load.push(start.elapsed());
    }
    let message = Message {
        role: Role::User,
        content: "Write a function is_prime(n) that tells if n is a prime.".to_owned(),
    };
    let body = PromptBody::Chat(vec![message]);
    let prompt = Prompt { body, stop: Vec::new(), place: None, account: BudgetAccount::default() };
    let (mut first, mut whole, mut per_token) = (Vec::new(), Vec::new(), Vec::new());
    let mut rates = Vec::new();
    for run in 0..RUNS {
        // A fresh provider each time: nothing of the prompt is in its cache.
        let local = Local::embedded()?;
        // Hot sampling goes on for longer than the greedy answer, which ends by itself.
        let sampling = Sampling { temperature: 3.0, top_k: 0, top_p: 1.0, seed: run as u64 };
        let limits = Limits { max_tokens: FUNCTION_TOKENS, samplings: vec![sampling] };
        let mut go_on = |_: providers::Chunk<'_>| ControlFlow::Continue(());
        let completions = local.complete(&prompt, &limits, &Cancel::new(), &mut go_on)?;
        let (usage, timings) = (completions[0].usage, completions[0].timings);
        first.push(timings.first_token);
        if usage.completion_tokens == FUNCTION_TOKENS {
            whole.push(timings.total);
            let decode = timings.total - timings.first_token;
            per_token.push(decode / u32::try_from(FUNCTION_TOKENS - 1)?);
            rates.push((FUNCTION_TOKENS - 1) as f64 / decode.as_secs_f64());
        }
    }
    ensure!(!whole.is_empty(), "no run wrote {FUNCTION_TOKENS} tokens");
    println!("embedded model, on all cores\n");
    head();
    row("load", load);
    row("time to first token (24 prompt tokens)", first);
    row(&format!("{FUNCTION_TOKENS} tokens, a function of 20 lines"), whole);
    row("one token", per_token);
    rates.sort_unstable_by(f64::total_cmp);
    println!("\ntokens per second, median: {:.0}", rates[rates.len() / 2]);
    Ok(())
}
