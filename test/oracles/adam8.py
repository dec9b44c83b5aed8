"""AdamW whose moments live as 8-bit codes (Dettmers et al., 2022), by bitsandbytes' rules: blocks of 256 over the flat order, the update
made with the new moments before they are quantized, a first moment whose code lost its sign moved by one code."""
import torch

import nf4

BLOCK = 256
SMALLEST = 4096  # smaller tensors keep 32-bit moments


class Adam8:
    def __init__(self, elements, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.beta1, self.beta2, self.epsilon, self.t = beta1, beta2, epsilon, 0
        self.signed, self.unsigned = nf4.dynamic_map(True), nf4.dynamic_map(False)
        blocks = -(-elements // BLOCK)
        self.m_codes, self.v_codes = torch.full((blocks, BLOCK), 127), torch.zeros(blocks, BLOCK, dtype=torch.int64)
        self.m_absmax, self.v_absmax = torch.zeros(blocks), torch.zeros(blocks)

    @torch.no_grad()
    def step(self, parameter, gradient, rate):
        """The parameter after a step (float32, any shape)."""
        self.t += 1
        g = nf4.in_blocks(gradient.reshape(-1), BLOCK)
        m = self.beta1 * self.signed[self.m_codes] * self.m_absmax[:, None] + (1 - self.beta1) * g
        v = self.beta2 * self.unsigned[self.v_codes] * self.v_absmax[:, None] + (1 - self.beta2) * g * g
        root1, root2 = 1 - self.beta1 ** self.t, (1 - self.beta2 ** self.t) ** 0.5
        update = rate * root2 / root1 * m / (v.sqrt() + self.epsilon * root2)
        self.m_absmax, self.v_absmax = m.abs().amax(1), v.amax(1)
        self.m_codes = nf4.nearest(self.signed, m / torch.where(self.m_absmax > 0, self.m_absmax, 1.0)[:, None])
        lost = torch.signbit(self.signed[self.m_codes]) != torch.signbit(m)
        self.m_codes = self.m_codes + torch.where(lost & (m != 0), torch.where(m > 0, 1, -1), 0)
        self.v_codes = nf4.nearest(self.unsigned, v / torch.where(self.v_absmax > 0, self.v_absmax, 1.0)[:, None])
        return parameter - update.reshape(-1)[:parameter.numel()].reshape(parameter.shape)
