"""Trains a classifier of handwritten digits."""

import argparse
import os

import torch
import torch.backends.cudnn as cudnn
import torch.nn as nn
import torch.optim as optim
import torchvision
import torchvision.transforms as transforms

from models import build_model
from utils import AverageMeter, save_checkpoint, seed_everything

parser = argparse.ArgumentParser(description="Digits in PyTorch")
parser.add_argument("--arch", default="resnet8", choices=["resnet8", "resnet14"])
parser.add_argument("--data", default="./data", help="where the data set is, or is downloaded to")
parser.add_argument("--lr", default=0.1, type=float, help="learning rate")
parser.add_argument("--batch-size", default=128, type=int)
parser.add_argument("--epochs", default=20, type=int)
parser.add_argument("--seed", default=0, type=int)
parser.add_argument("--resume", "-r", action="store_true", help="resume from checkpoint")


def main():
    args = parser.parse_args()
    seed_everything(args.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"

    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    train_set = torchvision.datasets.MNIST(root=args.data, train=True, download=True, transform=transform)
    train_loader = torch.utils.data.DataLoader(train_set, batch_size=args.batch_size, shuffle=True, num_workers=2)
    test_set = torchvision.datasets.MNIST(root=args.data, train=False, download=True, transform=transform)
    test_loader = torch.utils.data.DataLoader(test_set, batch_size=100, shuffle=False, num_workers=2)

    net = build_model(args.arch, num_classes=10)
    net = net.to(device)
    if device == "cuda":
        net = torch.nn.DataParallel(net)
        cudnn.benchmark = True
    if args.resume:
        net.load_state_dict(torch.load(os.path.join("checkpoint", "best.pth"))["net"])

    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(net.parameters(), lr=args.lr, momentum=0.9, weight_decay=5e-4)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)

    best = 0.0
    for epoch in range(args.epochs):
        train(net, train_loader, criterion, optimizer, device, epoch)
        accuracy = test(net, test_loader, device)
        scheduler.step()
        if accuracy > best:
            best = accuracy
            save_checkpoint({"net": net.state_dict(), "accuracy": accuracy, "epoch": epoch})


def train(net, loader, criterion, optimizer, device, epoch):
    net.train()
    losses = AverageMeter()
    for inputs, targets in loader:
        inputs, targets = inputs.to(device), targets.to(device)
        optimizer.zero_grad()
        loss = criterion(net(inputs), targets)
        loss.backward()
        optimizer.step()
        losses.update(loss.item(), inputs.size(0))
    print(f"epoch {epoch}: loss {losses.average:.4f}")


@torch.no_grad()
def test(net, loader, device):
    net.eval()
    correct = total = 0
    for inputs, targets in loader:
        inputs, targets = inputs.to(device), targets.to(device)
        correct += net(inputs).argmax(1).eq(targets).sum().item()
        total += targets.size(0)
    print(f"accuracy {100.0 * correct / total:.2f} %")
    return correct / total


if __name__ == "__main__":
    main()
