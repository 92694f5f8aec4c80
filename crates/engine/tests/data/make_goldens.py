"""Makes the tiny models of every architecture and the logits that they must give.

For each model: random weights in the reference implementation (HF transformers, eager attention,
f32), written to `<name>.gguf` by the mapping below, and `<name>.logits`: for each prompt of
`goldens.json` the logits at all positions, little-endian f32, [positions, vocabulary].

Made with Python 3.11, torch 2.15.0, transformers 5.23.0, gguf 0.19.0, numpy 2.4.6:
    python make_goldens.py [name ...]
Nothing is downloaded; the same versions give the same files.
"""

import json
import math
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
import transformers as hf

FOLDER = Path(__file__).parent
SPECIAL = ["<|end|>", "<|user|>", "<|x|>"]
MERGED = ["th", "the", "_the", "in", "er", "re"]
PRINTABLE = [chr(code) for code in range(33, 127)]
VOCABULARY = len(SPECIAL) + len(MERGED) + 1 + len(PRINTABLE)
CONTEXT = 64
BASE = 500.0

# Sizes that most models share, under the names of the reference implementation.
SIZES = dict(
    vocab_size=VOCABULARY, hidden_size=24, intermediate_size=40, num_hidden_layers=3,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=CONTEXT,
    rms_norm_eps=1e-5, tie_word_embeddings=False, bos_token_id=None, eos_token_id=0,
    pad_token_id=None, attn_implementation="eager",
)


def rope(**scaling):
    return {"rope_theta": BASE, "rope_type": "default", **scaling}


def qkv(layer, source, target):
    """Names of the usual attention."""
    for ours, theirs in (("attn_q", "q_proj"), ("attn_k", "k_proj"), ("attn_v", "v_proj"), ("attn_output", "o_proj")):
        for part in ("weight", "bias"):
            if f"{source}.self_attn.{theirs}.{part}" in layer:
                yield f"{target}.{ours}.{part}", layer[f"{source}.self_attn.{theirs}.{part}"]


def convert(model, config, norms, special):
    """All tensors under the names of GGUF. `norms` maps names of norms within a block; `special`
    yields whatever else an architecture has."""
    state = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
    out = {"token_embd.weight": state["model.embed_tokens.weight"]}
    for part in ("weight", "bias"):
        if f"model.norm.{part}" in state:
            out[f"output_norm.{part}"] = state[f"model.norm.{part}"]
    if not config.tie_word_embeddings:
        out["output.weight"] = state["lm_head.weight"]
    for index in range(config.num_hidden_layers):
        source, target = f"model.layers.{index}", f"blk.{index}"
        out.update(qkv(state, source, target))
        for ours, theirs in norms.items():
            for part in ("weight", "bias"):
                if f"{source}.{theirs}.{part}" in state:
                    out[f"{target}.{ours}.{part}"] = state[f"{source}.{theirs}.{part}"]
        out.update(special(state, source, target, index))
    return {name: np.ascontiguousarray(tensor, dtype=np.float32) for name, tensor in out.items()}


PRE_NORMS = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}
HEAD_NORMS = {"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}


def gated(state, source, target, index):
    for part in ("gate", "up", "down"):
        yield f"{target}.ffn_{part}.weight", state[f"{source}.mlp.{part}_proj.weight"]


def experts(state, source, target, index):
    joined = state[f"{source}.mlp.experts.gate_up_proj"]
    hidden = joined.shape[1] // 2
    yield f"{target}.ffn_gate_inp.weight", state[f"{source}.mlp.gate.weight"]
    yield f"{target}.ffn_gate_exps.weight", joined[:, :hidden]
    yield f"{target}.ffn_up_exps.weight", joined[:, hidden:]
    yield f"{target}.ffn_down_exps.weight", state[f"{source}.mlp.experts.down_proj"]


def plain(state, source, target, index):
    for ours, theirs in (("up", "c_fc"), ("down", "c_proj")):
        for part in ("weight", "bias"):
            yield f"{target}.ffn_{ours}.{part}", state[f"{source}.mlp.{theirs}.{part}"]


def fused(state, source, target, index):
    yield f"{target}.attn_qkv.weight", state[f"{source}.self_attn.qkv_proj.weight"]
    yield f"{target}.ffn_up.weight", state[f"{source}.mlp.gate_up_proj.weight"]
    yield f"{target}.ffn_down.weight", state[f"{source}.mlp.down_proj.weight"]


def latent(split):
    def tensors(state, source, target, index):
        attention = f"{source}.self_attn"
        yield f"{target}.attn_kv_a_mqa.weight", state[f"{attention}.kv_a_proj_with_mqa.weight"]
        yield f"{target}.attn_kv_a_norm.weight", state[f"{attention}.kv_a_layernorm.weight"]
        expand = state[f"{attention}.kv_b_proj.weight"]
        if split:
            heads = expand.reshape(DEEPSEEK["num_attention_heads"], -1, expand.shape[1])
            plain_width = DEEPSEEK["qk_nope_head_dim"]
            yield f"{target}.attn_k_b.weight", heads[:, :plain_width].transpose(0, 2, 1)
            yield f"{target}.attn_v_b.weight", heads[:, plain_width:]
        else:
            yield f"{target}.attn_kv_b.weight", expand
        if f"{source}.mlp.gate.weight" not in state:
            yield from gated(state, source, target, index)
            return
        yield from experts(state, source, target, index)
        for part in ("gate", "up", "down"):
            shared = state[f"{source}.mlp.shared_experts.{part}_proj.weight"]
            yield f"{target}.ffn_{part}_shexp.weight", shared
    return tensors


def adjacent(tensors, heads):
    """`llama` turns neighbouring elements where the reference turns halves of a head."""
    for name, tensor in tensors.items():
        count = {"attn_q.weight": heads[0], "attn_k.weight": heads[1]}.get(name.split(".", 2)[-1])
        if count:
            halves = tensor.reshape(count, 2, -1, tensor.shape[1])
            tensors[name] = np.ascontiguousarray(halves.swapaxes(1, 2).reshape(tensor.shape))
    return tensors


def common_keys(config, epsilon="attention.layer_norm_rms_epsilon"):
    keys = {
        "context_length": config.max_position_embeddings,
        "embedding_length": config.hidden_size,
        "block_count": config.num_hidden_layers,
        "feed_forward_length": config.intermediate_size,
        "attention.head_count": config.num_attention_heads,
        "attention.head_count_kv": config.num_key_value_heads,
        "rope.freq_base": BASE,
        epsilon: getattr(config, "rms_norm_eps", None) or config.norm_epsilon,
    }
    return keys


def llama(config, model):
    heads = (config.num_attention_heads, config.num_key_value_heads)
    return common_keys(config), adjacent(convert(model, config, PRE_NORMS, gated), heads)


def qwen2(config, model):
    keys = common_keys(config)
    if config.rope_parameters["rope_type"] == "yarn":
        keys["rope.scaling.type"] = "yarn"
        keys["rope.scaling.factor"] = float(config.rope_parameters["factor"])
        keys["rope.scaling.original_context_length"] = config.rope_parameters["original_max_position_embeddings"]
    return keys, convert(model, config, PRE_NORMS, gated)


def qwen3(config, model):
    keys = common_keys(config) | {"attention.key_length": config.head_dim, "attention.value_length": config.head_dim}
    return keys, convert(model, config, PRE_NORMS | HEAD_NORMS, gated)


def qwen3moe(config, model):
    keys = common_keys(config) | {
        "attention.key_length": config.head_dim,
        "attention.value_length": config.head_dim,
        "expert_count": config.num_experts,
        "expert_used_count": config.num_experts_per_tok,
        "expert_feed_forward_length": config.moe_intermediate_size,
    }
    return keys, convert(model, config, PRE_NORMS | HEAD_NORMS, experts)


def starcoder2(config, model):
    keys = common_keys(config, "attention.layer_norm_epsilon")
    keys["attention.sliding_window"] = config.sliding_window
    return keys, convert(model, config, PRE_NORMS, plain)


def gemma3(config, model):
    keys = common_keys(config) | {
        "attention.key_length": config.head_dim,
        "attention.value_length": config.head_dim,
        "attention.sliding_window": config.sliding_window,
    }
    keys["rope.freq_base"] = float(config.rope_parameters["full_attention"]["rope_theta"])
    if "factor" in config.rope_parameters["full_attention"]:
        keys["rope.scaling.type"] = "linear"
        keys["rope.scaling.factor"] = config.rope_parameters["full_attention"]["factor"]
    if config.final_logit_softcapping:
        keys["final_logit_softcapping"] = config.final_logit_softcapping
    norms = HEAD_NORMS | {
        "attn_norm": "input_layernorm",
        "post_attention_norm": "post_attention_layernorm",
        "ffn_norm": "pre_feedforward_layernorm",
        "post_ffw_norm": "post_feedforward_layernorm",
    }
    tensors = convert(model, config, norms, gated)
    # The reference applies 1 + weight; files hold the sum.
    return keys, {name: tensor + 1 if "norm" in name else tensor for name, tensor in tensors.items()}


def phi3(config, model):
    keys = common_keys(config)
    keys["rope.dimension_count"] = config.hidden_size // config.num_attention_heads
    keys["attention.sliding_window"] = config.sliding_window or 0
    tensors = convert(model, config, PRE_NORMS, fused)
    if config.rope_parameters["rope_type"] == "longrope":
        original = config.original_max_position_embeddings
        growth = config.max_position_embeddings / original
        keys["rope.scaling.original_context_length"] = original
        keys["rope.scaling.attn_factor"] = math.sqrt(1 + math.log(growth) / math.log(original))
        for length in ("short", "long"):
            factors = np.array(config.rope_parameters[f"{length}_factor"], dtype=np.float32)
            tensors[f"rope_factors_{length}.weight"] = factors
    return keys, tensors


def deepseek2(config, model, split=False):
    scaling = config.rope_parameters
    query_width = config.qk_nope_head_dim + config.qk_rope_head_dim
    keys = common_keys(config) | {
        "attention.key_length": query_width,
        "attention.value_length": config.v_head_dim,
        "attention.kv_lora_rank": config.kv_lora_rank,
        "rope.dimension_count": config.qk_rope_head_dim,
        "rope.scaling.type": "yarn",
        "rope.scaling.factor": scaling["factor"],
        "rope.scaling.original_context_length": scaling["original_max_position_embeddings"],
        "rope.scaling.yarn_log_multiplier": 0.1 * scaling["mscale_all_dim"],
        "leading_dense_block_count": config.first_k_dense_replace,
        "expert_count": config.n_routed_experts,
        "expert_used_count": config.num_experts_per_tok,
        "expert_shared_count": config.n_shared_experts,
        "expert_feed_forward_length": config.moe_intermediate_size,
        "expert_weights_scale": config.routed_scaling_factor,
    }
    if split:
        rows = config.kv_lora_rank + config.qk_rope_head_dim
        keys |= {
            "attention.head_count_kv": 1,
            "attention.key_length": rows,
            "attention.value_length": config.kv_lora_rank,
            "attention.key_length_mla": query_width,
            "attention.value_length_mla": config.v_head_dim,
        }
    return keys, convert(model, config, PRE_NORMS, latent(split))


QWEN3 = SIZES | dict(head_dim=10, rope_parameters=rope())
GEMMA = SIZES | dict(
    num_hidden_layers=7, num_attention_heads=2, num_key_value_heads=1, head_dim=10, intermediate_size=28,
    query_pre_attn_scalar=10, sliding_window=5, tie_word_embeddings=True,
)
LONG = dict(
    rope_type="longrope", original_max_position_embeddings=16,
    short_factor=[1.0, 1.1, 1.3], long_factor=[1.0, 2.5, 7.0],
)
# The reference norms latents with an epsilon of 1e-6 whatever the configuration says.
DEEPSEEK = SIZES | dict(
    num_attention_heads=2, num_key_value_heads=2, q_lora_rank=None, kv_lora_rank=14, qk_nope_head_dim=10,
    qk_rope_head_dim=8, v_head_dim=12, first_k_dense_replace=1, n_routed_experts=6, num_experts_per_tok=2,
    n_shared_experts=2, moe_intermediate_size=16, routed_scaling_factor=1.5, topk_method="greedy",
    norm_topk_prob=False, rms_norm_eps=1e-6,
    rope_parameters=rope(
        rope_type="yarn", factor=4.0, original_max_position_embeddings=16, mscale=0.707, mscale_all_dim=0.707
    ),
)

# name: (architecture, converter, configuration, model, sizes, lengths of prompts)
MODELS = {
    "llama": ("llama", llama, hf.LlamaConfig, hf.LlamaForCausalLM, SIZES | dict(rope_parameters=rope()), (33,)),
    "qwen2": ("qwen2", qwen2, hf.Qwen2Config, hf.Qwen2ForCausalLM,
              SIZES | dict(tie_word_embeddings=True, rope_parameters=rope()), (33,)),
    "qwen2-yarn": ("qwen2", qwen2, hf.Qwen2Config, hf.Qwen2ForCausalLM,
                   SIZES | dict(hidden_size=32, num_hidden_layers=2, rope_parameters=rope(
                       rope_type="yarn", factor=4.0, original_max_position_embeddings=16)), (50,)),
    "qwen3": ("qwen3", qwen3, hf.Qwen3Config, hf.Qwen3ForCausalLM, QWEN3, (33,)),
    "qwen3moe": ("qwen3moe", qwen3moe, hf.Qwen3MoeConfig, hf.Qwen3MoeForCausalLM,
                 QWEN3 | dict(num_experts=8, num_experts_per_tok=3, moe_intermediate_size=16, norm_topk_prob=True,
                              decoder_sparse_step=1, mlp_only_layers=[]), (33, 40)),
    "starcoder2": ("starcoder2", starcoder2, hf.Starcoder2Config, hf.Starcoder2ForCausalLM,
                   {k: v for k, v in SIZES.items() if k != "rms_norm_eps"}
                   | dict(norm_epsilon=1e-5, sliding_window=7, use_bias=True, tie_word_embeddings=True,
                          rope_parameters=rope()), (40,)),
    "gemma3": ("gemma3", gemma3, hf.Gemma3TextConfig, hf.Gemma3ForCausalLM,
               GEMMA | dict(rope_parameters={
                   "full_attention": {"rope_type": "default", "rope_theta": 1e6},
                   "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}}), (40,)),
    "gemma3-scaled": ("gemma3", gemma3, hf.Gemma3TextConfig, hf.Gemma3ForCausalLM,
                      GEMMA | dict(final_logit_softcapping=3.0, rope_parameters={
                          "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
                          "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}}), (40,)),
    "phi3": ("phi3", phi3, hf.Phi3Config, hf.Phi3ForCausalLM,
             SIZES | dict(sliding_window=9, rope_parameters=rope(partial_rotary_factor=1.0)), (40,)),
    "phi3-long": ("phi3", phi3, hf.Phi3Config, hf.Phi3ForCausalLM,
                  SIZES | dict(original_max_position_embeddings=16, sliding_window=None,
                               rope_parameters=rope(partial_rotary_factor=1.0, **LONG)), (16, 40)),
    "deepseek2": ("deepseek2", deepseek2, hf.DeepseekV2Config, hf.DeepseekV2ForCausalLM, DEEPSEEK, (33, 50)),
    "deepseek2-split": ("deepseek2", lambda config, model: deepseek2(config, model, True),
                        hf.DeepseekV2Config, hf.DeepseekV2ForCausalLM, DEEPSEEK, (33,)),
}


def randomise(model, seed, norm_centre):
    """Weights so large that logits are far from zero and depend on every part."""
    random = np.random.RandomState(seed)
    with torch.no_grad():
        for name, tensor in sorted(model.named_parameters()):
            noise = torch.tensor(random.standard_normal(tuple(tensor.shape)), dtype=torch.float32)
            if "norm" in name and name.endswith("weight"):
                tensor.copy_(norm_centre + 0.3 * noise)
            elif name.endswith("bias"):
                tensor.copy_(0.3 * noise)
            elif "embed_tokens" in name:
                tensor.copy_(0.7 * noise)
            else:
                tensor.copy_(1.5 * noise / math.sqrt(tensor.shape[-1]))


def add_tokenizer(writer, architecture):
    if architecture in ("gemma3", "phi3"):
        texts = SPECIAL + [text.replace("_", "▁") for text in MERGED] + ["▁"] + PRINTABLE
        # The longer, the sooner; single characters are never joined to.
        writer.add_tokenizer_model("llama")
        writer.add_token_scores([0.0] * 3 + [-float(rank) for rank in range(len(texts) - 3)])
        writer.add_add_space_prefix(architecture == "phi3")
    else:
        texts = SPECIAL + [text.replace("_", "Ġ") for text in MERGED] + ["Ġ"] + PRINTABLE
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("gpt-2")
        writer.add_token_merges(["t h", "th e", "Ġ the", "i n", "e r", "r e"])
    writer.add_token_list(texts)
    writer.add_token_types([3] * len(SPECIAL) + [1] * (VOCABULARY - len(SPECIAL)))
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)


def write(name, architecture, keys, tensors):
    writer = gguf.GGUFWriter(FOLDER / f"{name}.gguf", architecture)
    writer.add_name(name)
    for key, value in keys.items():
        add = {int: writer.add_uint32, float: writer.add_float32, str: writer.add_string}[type(value)]
        add(f"{architecture}.{key}", value)
    add_tokenizer(writer, architecture)
    for tensor_name, tensor in tensors.items():
        writer.add_tensor(tensor_name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def prompts(name, lengths):
    random = np.random.RandomState(sum(map(ord, name)))
    return [[int(token) for token in random.randint(0, VOCABULARY, length)] for length in lengths]


def main(names):
    manifest_path = FOLDER / "goldens.json"
    manifest = json.loads(manifest_path.read_text()) if manifest_path.exists() else {}
    for name in names or MODELS:
        architecture, converter, config_class, model_class, sizes, lengths = MODELS[name]
        config = config_class(**sizes)
        model = model_class(config).float().eval()
        randomise(model, 7, 0.0 if architecture == "gemma3" else 1.0)
        write(name, architecture, *converter(config, model))
        token_lists = prompts(name, lengths)
        with torch.no_grad(), open(FOLDER / f"{name}.logits", "wb") as out:
            for tokens in token_lists:
                logits = model(torch.tensor([tokens])).logits[0].numpy()
                out.write(logits.astype("<f4").tobytes())
                print(f"{name}: {len(tokens)} tokens, logits up to {np.abs(logits).max():.2f}")
        manifest[name] = {"architecture": architecture, "prompts": token_lists}
    body = ",\n".join(f"{json.dumps(name)}: {json.dumps(manifest[name])}" for name in MODELS if name in manifest)
    manifest_path.write_text("{\n" + body + "\n}\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1:])
