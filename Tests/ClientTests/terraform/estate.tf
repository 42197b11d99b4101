# A larger estate: most kinds of resources that an operator of EC2 keeps, an instance with every block, one on an interface
# of its own.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "endpoint" { type = string }
variable "public_key" { type = string }
variable "instance_type" { default = "t3.micro" }
variable "credits" { default = "standard" }
variable "recovery" { default = "default" }
variable "port" { default = 443 }
variable "description" { default = "one" }
variable "hop_limit" { default = 1 }
variable "protected" { default = true }

provider "aws" {
  region                  = "us-east-1"
  skip_metadata_api_check = true
  max_retries             = 1
  endpoints {
    ec2 = var.endpoint
    sts = var.endpoint
  }
}

data "aws_availability_zones" "all" { state = "available" }
data "aws_regions" "served" {}
data "aws_ami" "linux" {
  owners      = ["amazon"]
  most_recent = true
  filter {
    name   = "name"
    values = ["al2023-ami-2023*-x86_64"]
  }
}
data "aws_ec2_instance_type_offerings" "here" {
  location_type = "availability-zone"
  filter {
    name   = "instance-type"
    values = ["t3.micro", "t3.small"]
  }
}
data "aws_ec2_instance_types" "burstable" {
  filter {
    name   = "burstable-performance-supported"
    values = ["true"]
  }
  filter {
    name   = "processor-info.supported-architecture"
    values = ["x86_64"]
  }
}

resource "aws_default_vpc" "default" { tags = { Name = "default" } }
resource "aws_default_subnet" "first" {
  availability_zone = data.aws_availability_zones.all.names[0]
  tags              = { Name = "first" }
}

resource "aws_key_pair" "door" {
  key_name   = "estate"
  public_key = var.public_key
  tags       = { Use = "door" }
}

resource "aws_vpc" "main" {
  cidr_block           = "10.60.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "estate" }
}
resource "aws_default_security_group" "closed" { vpc_id = aws_vpc.main.id }
resource "aws_vpc_dhcp_options" "names" {
  domain_name         = "estate.internal"
  domain_name_servers = ["AmazonProvidedDNS"]
  ntp_servers         = ["169.254.169.123"]
  tags                = { Name = "names" }
}
resource "aws_vpc_dhcp_options_association" "names" {
  vpc_id          = aws_vpc.main.id
  dhcp_options_id = aws_vpc_dhcp_options.names.id
}
resource "aws_subnet" "all" {
  count                   = 2
  vpc_id                  = aws_vpc.main.id
  cidr_block              = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
  availability_zone       = data.aws_availability_zones.all.names[count.index]
  map_public_ip_on_launch = count.index == 0
  tags                    = { Name = "estate-${count.index}" }
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = "estate" }
}
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = "public" }
}
resource "aws_route" "out" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}
resource "aws_main_route_table_association" "public" {
  vpc_id         = aws_vpc.main.id
  route_table_id = aws_route_table.public.id
}
resource "aws_route_table" "inner" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block           = "10.99.0.0/16"
    network_interface_id = aws_network_interface.fixed.id
  }
}
resource "aws_route_table_association" "inner" {
  subnet_id      = aws_subnet.all[1].id
  route_table_id = aws_route_table.inner.id
}

resource "aws_security_group" "web" {
  name_prefix = "web-"
  description = "estate"
  vpc_id      = aws_vpc.main.id
  tags        = { Name = "web" }
}
resource "aws_vpc_security_group_ingress_rule" "port" {
  security_group_id = aws_security_group.web.id
  cidr_ipv4         = "10.0.0.0/8"
  ip_protocol       = "tcp"
  from_port         = var.port
  to_port           = var.port
  description       = var.description
  tags              = { Name = "port" }
}
resource "aws_vpc_security_group_ingress_rule" "ping" {
  security_group_id = aws_security_group.web.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "icmp"
  from_port         = -1
  to_port           = -1
}
resource "aws_vpc_security_group_ingress_rule" "six" {
  security_group_id = aws_security_group.web.id
  cidr_ipv6         = "::/0"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}
resource "aws_vpc_security_group_ingress_rule" "self" {
  security_group_id            = aws_security_group.web.id
  referenced_security_group_id = aws_security_group.web.id
  ip_protocol                  = "-1"
}
resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.web.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_network_interface" "fixed" {
  subnet_id         = aws_subnet.all[0].id
  private_ips       = ["10.60.0.50"]
  security_groups   = [aws_security_group.web.id]
  description       = var.description
  source_dest_check = false
  tags              = { Name = "fixed" }
}
resource "aws_instance" "router" {
  ami           = data.aws_ami.linux.id
  instance_type = "t3.nano"
  network_interface {
    network_interface_id = aws_network_interface.fixed.id
    device_index         = 0
  }
  tags = { Name = "router" }
}
resource "aws_eip" "router" {
  domain            = "vpc"
  network_interface = aws_network_interface.fixed.id
  tags              = { Name = "router" }
  depends_on        = [aws_internet_gateway.main, aws_instance.router]
}

resource "aws_instance" "web" {
  ami                                  = data.aws_ami.linux.id
  instance_type                        = var.instance_type
  key_name                             = aws_key_pair.door.key_name
  subnet_id                            = aws_subnet.all[0].id
  private_ip                           = "10.60.0.60"
  associate_public_ip_address          = true
  vpc_security_group_ids               = [aws_security_group.web.id]
  user_data_base64                     = base64encode("#!/bin/sh\necho ${var.description}\n")
  monitoring                           = true
  ebs_optimized                        = true
  disable_api_stop                     = false
  disable_api_termination              = var.protected
  instance_initiated_shutdown_behavior = "terminate"
  source_dest_check                    = true
  tenancy                              = "default"
  hibernation                          = false
  root_block_device {
    volume_size           = 12
    volume_type           = "gp3"
    iops                  = 3500
    throughput            = 200
    delete_on_termination = true
    tags                  = { Name = "root" }
  }
  ebs_block_device {
    device_name           = "/dev/sdf"
    volume_size           = 5
    volume_type           = "gp2"
    delete_on_termination = true
    tags                  = { Name = "data" }
  }
  cpu_options {
    core_count       = 1
    threads_per_core = 2
  }
  credit_specification { cpu_credits = var.credits }
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = var.hop_limit
    instance_metadata_tags      = "enabled"
  }
  maintenance_options { auto_recovery = var.recovery }
  capacity_reservation_specification { capacity_reservation_preference = "none" }
  enclave_options { enabled = false }
  private_dns_name_options {
    hostname_type                        = "ip-name"
    enable_resource_name_dns_a_record    = false
    enable_resource_name_dns_aaaa_record = false
  }
  tags       = { Name = "web", Stage = var.description }
  depends_on = [aws_main_route_table_association.public]
}

resource "aws_ebs_volume" "spare" {
  availability_zone = data.aws_availability_zones.all.names[0]
  size              = 3
  type              = "gp3"
  tags              = { Name = "spare" }
}

data "aws_instance" "web" { instance_id = aws_instance.web.id }
data "aws_network_interface" "fixed" { id = aws_network_interface.fixed.id }
data "aws_subnets" "mine" {
  filter {
    name   = "vpc-id"
    values = [aws_vpc.main.id]
  }
  depends_on = [aws_subnet.all]
}
data "aws_security_group" "web" { id = aws_security_group.web.id }
data "aws_eip" "router" { id = aws_eip.router.id }
data "aws_route_table" "inner" { subnet_id = aws_route_table_association.inner.subnet_id }
data "aws_key_pair" "door" {
  key_name           = aws_key_pair.door.key_name
  include_public_key = true
}
output "web" { value = aws_instance.web.id }
output "router" { value = aws_instance.router.id }
output "address" { value = aws_eip.router.public_ip }
output "offered" { value = sort(distinct(data.aws_ec2_instance_type_offerings.here.instance_types)) }
output "subnets" { value = length(data.aws_subnets.mine.ids) }
