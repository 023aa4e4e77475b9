"""nanoGPT's configuration for the CPU, in PyTorch: `python -m benchmarks.peers.transformer TEXT`.

A decoder-only transformer with 4 layers of 128 and 4 heads, a context of 64 and batches of 12. It is trained
for 2000 steps with AdamW (beta2 0.99, weight decay 0.1), a warm-up of 100 steps to 1e-3, cosine to 1e-4, and
gradients clipped at 1.0. nanoGPT's README gives these settings for a laptop. Prints JSON: seconds of
training, and the loss on the last tenth of the text, in nats per character.
"""

import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

LAYERS, HEADS, WIDTH, CONTEXT, BATCH = 4, 4, 128, 64, 12
STEPS, WARM_STEPS, RATE, LAST_RATE = 2000, 100, 1e-3, 1e-4
CLIPNORM = 1.0


class Block(nn.Module):
    """Causal self-attention and a two-layer perceptron, each after a layer norm, with a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(WIDTH, bias=False) for _ in range(2)])
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.out = nn.Linear(WIDTH, WIDTH, bias=False)
        self.widen = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, T, C) to the same shape."""
        lanes, steps, _ = x.shape
        parts = self.qkv(self.norms[0](x)).view(lanes, steps, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(*parts, is_causal=True)
        x = x + self.out(seen.transpose(1, 2).reshape(lanes, steps, WIDTH))
        return x + self.narrow(nn.functional.gelu(self.widen(self.norms[1](x))))


class Transformer(nn.Module):
    """Token and position embeddings, the blocks, and a head with the weights of the token embedding."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*[Block() for _ in range(LAYERS)])
        self.norm = nn.LayerNorm(WIDTH, bias=False)
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                last = name.endswith(("out.weight", "narrow.weight"))
                nn.init.normal_(weight, 0, 0.02 / (math.sqrt(2 * LAYERS) if last else 1))

    def forward(self, ids: Tensor) -> Tensor:
        """Return the logits (N, T, V) of ids (N, T)."""
        x = self.tokens(ids) + self.places(torch.arange(ids.shape[1]))
        logits: Tensor = self.norm(self.blocks(x)) @ self.tokens.weight.T
        return logits


def train(ids: Tensor, vocabulary: int) -> tuple[float, Transformer]:
    """Train; return the seconds of all steps, and the network."""
    torch.manual_seed(0)
    model = Transformer(vocabulary)
    matrices = [weight for weight in model.parameters() if weight.ndim == 2]
    vectors = [weight for weight in model.parameters() if weight.ndim < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.99))
    begun = time.perf_counter()
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        places = torch.randint(len(ids) - CONTEXT, (BATCH, 1)) + torch.arange(CONTEXT + 1)
        loss = cross_entropy(model, ids[places])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIPNORM)
        optimizer.step()
    return time.perf_counter() - begun, model


def rate(step: int) -> float:
    """Return the learning rate of a step."""
    if step < WARM_STEPS:
        return RATE * (step + 1) / (WARM_STEPS + 1)
    done = (step - WARM_STEPS) / (STEPS - WARM_STEPS)
    return LAST_RATE + (RATE - LAST_RATE) * (1 + math.cos(math.pi * done)) / 2


def cross_entropy(model: Transformer, windows: Tensor) -> Tensor:
    """Return the mean loss over windows (N, T + 1), one token longer than the context."""
    return nn.functional.cross_entropy(model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())


@torch.inference_mode()
def held_out_loss(model: Transformer, ids: Tensor) -> float:
    """Return the mean loss over a text, cut into consecutive windows."""
    windows = ids.unfold(0, CONTEXT + 1, CONTEXT)
    return sum(float(cross_entropy(model, part)) * len(part) for part in windows.split(64)) / len(windows)


if __name__ == "__main__":
    characters, text = np.unique(list(Path(sys.argv[1]).read_text(encoding="utf-8")), return_inverse=True)
    ids = torch.from_numpy(text.reshape(-1))
    held_out = len(ids) // 10
    seconds, model = train(ids[:-held_out], len(characters))
    print(json.dumps({"seconds": seconds, "loss": held_out_loss(model, ids[-held_out:])}))
