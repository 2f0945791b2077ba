"""`import torch`, and one training step of the network of examples/fsdd.yaml on noise, written by hand."""

import os

import torch
import torch.nn.functional as F
from torch import nn


def stage(before: int, after: int) -> nn.Module:
    convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2))


encoder = nn.Sequential(stage(1, 16), stage(16, 32), stage(32, 64), nn.AdaptiveAvgPool2d((1, 5)), nn.Flatten())
digit, speaker = nn.Linear(64 * 5, 10), nn.Linear(64 * 5, 6)
optimizer = torch.optim.AdamW(nn.ModuleList([encoder, digit, speaker]).parameters(), 3e-3)
features = encoder(torch.randn(32, 1, 50, 40))
loss = F.cross_entropy(digit(features), torch.randint(10, (32,)))
loss = loss + F.cross_entropy(speaker(features), torch.randint(6, (32,)))
torch.autograd.backward(loss)
optimizer.step()
os._exit(0)
