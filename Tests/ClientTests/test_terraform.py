"""Terraform with AWS's own provider: applies, plans empty, changes, plans empty, destroys."""

import pathlib
import shutil
import subprocess

import pytest

CONFIGURATION = '''
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" { region = "us-east-1" }

variable "name" {}
variable "type" {}
variable "port" {}

data "aws_availability_zones" "all" { state = "available" }
data "aws_ec2_instance_type" "wanted" { instance_type = var.type }
data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["al2023-ami-2023.*-x86_64"]
  }
}

resource "aws_key_pair" "key" {
  key_name   = "terraform"
  public_key = "KEY"
}

resource "aws_vpc" "main" {
  cidr_block           = "10.50.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = var.name }
}
resource "aws_internet_gateway" "main" { vpc_id = aws_vpc.main.id }
resource "aws_subnet" "public" {
  vpc_id                  = aws_vpc.main.id
  cidr_block              = "10.50.1.0/24"
  availability_zone       = data.aws_availability_zones.all.names[0]
  map_public_ip_on_launch = true
}
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}
resource "aws_route_table_association" "public" {
  subnet_id      = aws_subnet.public.id
  route_table_id = aws_route_table.public.id
}

resource "aws_security_group" "web" {
  name        = "web"
  description = "web"
  vpc_id      = aws_vpc.main.id
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_security_group" "bare" {
  name   = "bare"
  vpc_id = aws_vpc.main.id
}
resource "aws_vpc_security_group_ingress_rule" "one" {
  security_group_id            = aws_security_group.bare.id
  referenced_security_group_id = aws_security_group.web.id
  from_port                    = var.port
  to_port                      = var.port
  ip_protocol                  = "tcp"
  description                  = var.name
}

resource "aws_instance" "web" {
  ami                    = data.aws_ami.linux.id
  instance_type          = data.aws_ec2_instance_type.wanted.instance_type
  key_name               = aws_key_pair.key.key_name
  subnet_id              = aws_subnet.public.id
  vpc_security_group_ids = [aws_security_group.web.id, aws_security_group.bare.id]
  user_data              = "#!/bin/sh\\necho ${var.name}\\n"
  monitoring             = true
  root_block_device {
    volume_size = 12
    volume_type = "gp3"
  }
  metadata_options {
    http_tokens   = "required"
    http_endpoint = "enabled"
  }
  private_dns_name_options {
    hostname_type                     = "resource-name"
    enable_resource_name_dns_a_record = var.port != 443
  }
  tags        = { Name = var.name }
  volume_tags = { Name = "root of ${var.name}" }
}
resource "aws_eip" "web" {
  instance   = aws_instance.web.id
  domain     = "vpc"
  depends_on = [aws_internet_gateway.main]
}
output "address" { value = aws_eip.web.public_ip }
'''


def plugins():
    """A folder that holds the provider, wherever this host keeps such things."""
    roots = [pathlib.Path.home() / ".terraform.d", *map(pathlib.Path, ("/usr/share", "/usr/local/share", "/opt"))]
    for root in roots:
        for depth in ("*", "*/*"):
            for found in root.glob(f"{depth}/registry.terraform.io/hashicorp/aws"):
                return found.parents[2]
    return None


@pytest.fixture
def terraform(account, tmp_path):
    if not shutil.which("terraform"):
        pytest.skip("terraform is not installed, and Debian has no package of it")
    folder = plugins()
    if folder is None:
        pytest.skip("no hashicorp/aws provider on this host, and tests fetch nothing from the network")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    key = (tmp_path / "key.pub").read_text().strip()
    (tmp_path / "main.tf").write_text(CONFIGURATION.replace("KEY", key))
    (tmp_path / "rc").write_text("disable_checkpoint = true\n")
    environment = account.environment() | {
        "TF_CLI_CONFIG_FILE": str(tmp_path / "rc"), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}

    def run(*words, expected=(0,)):
        done = subprocess.run(
            ["terraform", *words], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300,
            stdin=subprocess.DEVNULL)
        assert done.returncode in expected, f"terraform {' '.join(words)}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done

    run("init", "-no-color", f"-plugin-dir={folder}")
    return run


def settings(name, type, port):
    return [f"-var=name={name}", f"-var=type={type}", f"-var=port={port}"]


def test_a_configuration_applies_plans_empty_changes_and_destroys(terraform, ec2):
    before = census(ec2)
    for values in (settings("one", "t3.micro", 80), settings("two", "t3.small", 8080)):
        terraform("apply", "-no-color", "-auto-approve", *values)
        # 2 would mean that the plan is not empty.
        terraform("plan", "-no-color", "-detailed-exitcode", *values)
    terraform("destroy", "-no-color", "-auto-approve", *settings("two", "t3.small", 8080))
    assert census(ec2) == before


def census(ec2):
    running = ec2.describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}])
    return (len(running["Reservations"]), len(ec2.describe_vpcs()["Vpcs"]), len(ec2.describe_subnets()["Subnets"]),
            len(ec2.describe_security_groups()["SecurityGroups"]), len(ec2.describe_addresses()["Addresses"]),
            len(ec2.describe_key_pairs()["KeyPairs"]), len(ec2.describe_route_tables()["RouteTables"]),
            len(ec2.describe_internet_gateways()["InternetGateways"]))
