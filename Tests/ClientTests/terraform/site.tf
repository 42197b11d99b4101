# A small site as people write it: look-ups, a key, groups with rules of both kinds, an instance behind an Elastic IP in
# the default VPC, and another in a network of its own.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" { type = string }
variable "public_key" { type = string }
variable "instance_type" { default = "t3.micro" }
variable "greeting" { default = "hello" }
variable "open_port" { default = 80 }
variable "stage" { default = "first" }

provider "aws" {
  skip_credentials_validation = false
  skip_requesting_account_id  = false
  skip_metadata_api_check     = true
  max_retries                 = 2
  endpoints {
    ec2 = var.endpoint
    sts = var.endpoint
  }
  default_tags {
    tags = { Project = "site" }
  }
}

data "aws_caller_identity" "me" {}
data "aws_region" "here" {}
data "aws_availability_zones" "all" { state = "available" }
data "aws_ec2_instance_type" "chosen" { instance_type = var.instance_type }
data "aws_vpc" "default" { default = true }

data "aws_subnets" "default" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }
}

data "aws_ami" "linux" {
  owners      = ["amazon"]
  most_recent = true
  filter {
    name   = "architecture"
    values = ["x86_64"]
  }
  filter {
    name   = "root-device-type"
    values = ["ebs"]
  }
  filter {
    name   = "name"
    values = ["al2023-ami-2023*", "amzn2-ami-hvm-*"]
  }
}

resource "aws_key_pair" "door" {
  key_name   = "door"
  public_key = var.public_key
}

resource "aws_security_group" "web" {
  name        = "web"
  description = "what the web may reach"
  vpc_id      = data.aws_vpc.default.id
  ingress {
    description = "ssh"
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8", "192.168.0.0/16"]
  }
  ingress {
    description = "web"
    from_port   = var.open_port
    to_port     = var.open_port
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

resource "aws_instance" "web" {
  ami                         = data.aws_ami.linux.id
  instance_type               = data.aws_ec2_instance_type.chosen.instance_type
  key_name                    = aws_key_pair.door.key_name
  vpc_security_group_ids      = [aws_security_group.web.id]
  user_data                   = "#!/bin/sh\necho ${var.greeting}\n"
  user_data_replace_on_change = false
  root_block_device {
    volume_size = 12
    volume_type = "gp3"
    tags        = { Use = "root" }
  }
  metadata_options {
    http_tokens = "required"
  }
  tags = { Name = "web", Stage = var.stage }
}

resource "aws_eip" "web" {
  domain = "vpc"
  tags   = { Name = "web" }
}

resource "aws_eip_association" "web" {
  instance_id   = aws_instance.web.id
  allocation_id = aws_eip.web.id
}

resource "aws_vpc" "own" {
  cidr_block           = "10.50.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "own" }
}

resource "aws_subnet" "public" {
  vpc_id                  = aws_vpc.own.id
  cidr_block              = "10.50.1.0/24"
  availability_zone       = data.aws_availability_zones.all.names[0]
  map_public_ip_on_launch = true
}

resource "aws_internet_gateway" "own" {
  vpc_id = aws_vpc.own.id
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.own.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.own.id
  }
}

resource "aws_route_table_association" "public" {
  subnet_id      = aws_subnet.public.id
  route_table_id = aws_route_table.public.id
}

resource "aws_security_group" "inner" {
  name   = "inner"
  vpc_id = aws_vpc.own.id
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  security_group_id = aws_security_group.inner.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_vpc_security_group_ingress_rule" "peers" {
  security_group_id            = aws_security_group.inner.id
  referenced_security_group_id = aws_security_group.inner.id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.inner.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_security_group_rule" "ping" {
  type              = "ingress"
  security_group_id = aws_security_group.inner.id
  protocol          = "icmp"
  from_port         = 8
  to_port           = 0
  cidr_blocks       = ["10.0.0.0/8"]
}

resource "aws_instance" "inner" {
  ami                    = data.aws_ami.linux.id
  instance_type          = "t3.nano"
  subnet_id              = aws_subnet.public.id
  vpc_security_group_ids = [aws_security_group.inner.id]
  private_ip             = "10.50.1.20"
  tags                   = { Name = "inner" }
  depends_on             = [aws_route_table_association.public]
}

output "account" { value = data.aws_caller_identity.me.account_id }
output "instance" { value = aws_instance.web.id }
output "address" { value = aws_eip.web.public_ip }
output "inner_private_ip" { value = aws_instance.inner.private_ip }
output "inner_public_ip" { value = aws_instance.inner.public_ip }
