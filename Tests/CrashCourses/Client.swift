// A client as careful ones are: it asks again until it is answered, with the same token, and looks for what it may have
// made before it makes it again.

import AWSWire
import CloudTypes
import ControlPlane
import Simulation

package final class Client {
    package let name: String
    let rig: Rig
    private let caller: Caller
    private(set) var ledger = Ledger()
    /// The last answers, for failures to tell.
    package private(set) var history: [String] = []
    private(set) var refusals: [String] = []

    init(_ name: String, on rig: Rig, as caller: Caller = Furnishing.caller) {
        (self.name, self.rig, self.caller) = (name, rig, caller)
    }

    /// Asks until there is an answer that stands.
    func perform(_ operation: Operation) {
        ledger.adopt(rig.records)
        guard let form = form(of: operation) else { return }
        let away = stoppedForOthers(operation)
        defer { ledger.mayComeBack(away.union(stoppedForOthers(operation))) }
        var wasLost = false
        for _ in 0..<100 {
            if wasLost, !operation.hasToken, let made = operation.made, case let ids = find(made.name), !ids.isEmpty {
                let elements = ids.map { "<\(made.element)>\($0)</\(made.element)>" }
                return acknowledge(operation, elements.joined())
            }
            switch ask(form) {
            case .acknowledged(let body):
                checkMoments(operation, body)
                return acknowledge(operation, body)
            case .lost: wasLost = true
            case .refused(code: "InternalError", _): history.append("\(operation): InternalError")
            case .refused(let code, _):
                history.append("\(operation): \(code)")
                refusals.append(code)
                if wasLost, operation.codesOfDone.contains(code) || isDone(operation) {
                    acknowledge(operation, "")
                }
                return
            }
        }
        rig.note("\(operation) was never answered")
    }

    /// Asks once more for what was answered: the answer must be the same.
    func repeatLaunch(_ launch: Operation.Launch) {
        guard let before = ledger.tokens[launch.name]?.body, let form = form(of: .launch(launch)) else { return }
        if case .acknowledged(let body) = ask(form),
            Answer.texts(of: "instanceId", in: body)
                != Answer.texts(of: "instanceId", in: before)
        {
            rig.note("the token of \(launch.name) was answered with other instances")
        }
    }

    func hostMayHaveFailed() { ledger.hostMayHaveFailed() }
    func guestEnded(_ id: InstanceID) { ledger.guestEnded(id) }
    func adoptInstances() { ledger.adopt(rig.records) }
    func check() -> [String] { ledger.check(rig.records, at: rig.time.now) }

    /// The operator has an event in store for the instances of the name.
    func schedule(_ code: InstanceEvent.Code, of name: String, in seconds: Double) {
        for (place, id) in (ledger.launches[name] ?? []).enumerated() {
            let description = "event \(ledger.capacity.eventCount) \(place) of \(self.name)/\(name)"
            let wanted = rig.time.now.adding(seconds: seconds)
            let due = code == .systemMaintenance ? wanted : ledger.opening(of: id, from: wanted)
            let isScheduled = rig.operate(on: id) { transaction throws(EC2Error) in
                let known = transaction.state.instances[id]?.events ?? []
                guard !known.contains(where: { $0.description == description }) else { return }
                _ = try transaction.scheduleEvent(
                    code, of: id, description: description, notBefore: wanted, notAfter: wanted, deadline: nil)
            }
            let launch = rig.records.instances[id]?.launch ?? 1
            if isScheduled { ledger.scheduled(code, description, of: id, launch: launch, due: due) }
        }
    }

    /// The operator takes spot instances of the name away.
    func interrupt(_ name: String) {
        ledger.adopt(rig.records)
        for id in ledger.launches[name] ?? [] {
            _ = rig.operate(on: id) { transaction throws(EC2Error) in try transaction.noticeInterruption(of: id) }
        }
    }

    /// Those that are to stop and were stopped for others to have their room: once there is room again they come back.
    private func stoppedForOthers(_ operation: Operation) -> Set<InstanceID> {
        guard case .stop(let name, _) = operation else { return [] }
        return Set((ledger.launches[name] ?? []).filter { rig.records.instances[$0]?.stateReason == .spotShutdown })
    }

    private func acknowledge(_ operation: Operation, _ body: String) {
        history.append("\(operation): done")
        if case .deregisterImage(let name) = operation {
            let kept = rig.records.images.all.first { $0.name == name && $0.binStay != nil }
            if let kept { ledger.binned(name, kept.id, at: rig.time.now) }
        }
        ledger.acknowledge(operation, body, at: rig.time.now)
    }

    /// What is written after the answer is in no snapshot: their moment is held by then.
    private func checkMoments(_ operation: Operation, _ body: String) {
        switch operation {
        case .createSnapshot, .createSnapshots:
            for id in Answer.texts(of: "snapshotId", in: body).compactMap({ SnapshotID($0) })
            where !rig.world.snapshots.contains(id) {
                rig.note("\(operation) was answered before \(id) had its moment")
            }
        case .copyVolume:
            for id in Answer.texts(of: "volumeId", in: body).compactMap({ VolumeID($0) }) {
                guard let moment = rig.records.volumes[id]?.snapshot, !rig.world.snapshots.contains(moment) else {
                    continue
                }
                rig.note("\(operation) was answered before its source's moment was held")
            }
        default: break
        }
    }

    private func ask(_ form: Form) -> Answer {
        guard let request = try? form.request else { return .refused(code: "BadForm", message: "") }
        return rig.finish(rig.begin(request, as: caller))
    }

    /// Whether what was asked of a volume or a snapshot shows in what is described of it.
    private func isDone(_ operation: Operation) -> Bool {
        func volume(_ name: String) -> VolumeRecord? {
            ledger.id(name).flatMap { VolumeID($0) }.flatMap { rig.records.volumes[$0] }
        }
        switch operation {
        case .attachVolume(let name, let instance, _):
            return volume(name)?.attachments.contains {
                $0.instance == ledger.launches[instance]?.first && [.attaching, .attached].contains($0.state)
            } ?? false
        case .detachVolume(let name, let instance, _):
            let left = instance.flatMap { ledger.launches[$0]?.first }
            let holders = volume(name)?.attachments.filter { left == nil || $0.instance == left }
            return holders?.allSatisfy { [.detaching, .busy].contains($0.state) } ?? false
        case .growVolume(let name, let size):
            let found = volume(name)
            return found?.sizeGiB == size || found?.modification?.target.sizeGiB == size
        case .unlockSnapshot(let name):
            return ledger.id(name).flatMap { SnapshotID($0) }.flatMap { rig.records.snapshots[$0] }?.lock == nil
        case .restoreImage(let name):
            return ledger.binnedImages[name].flatMap { rig.records.images[$0.id] }?.state == .available
        case .capacity(.cancelReservation(let name)):
            return ledger.id(name).flatMap { CapacityReservationID($0) }
                .flatMap { rig.records.capacityReservations[$0] }?.state == .cancelled
        case .restoreSnapshot(let name):
            return ledger.binned[name].flatMap { SnapshotID($0.id) }.flatMap { rig.records.snapshots[$0] }?.state
                == .completed
        case .eventWindow(let operation): return isDone(operation)
        default: return false
        }
    }

    /// The resources that carry the name.
    private func find(_ wanted: String) -> [String] {
        let form = Form(
            "DescribeTags",
            [
                ("Filter.1.Name", "key"), ("Filter.1.Value.1", "Name"), ("Filter.2.Name", "value"),
                ("Filter.2.Value.1", wanted),
            ])
        for _ in 0..<100 {
            if case .acknowledged(let body) = ask(form) { return Answer.texts(of: "resourceId", in: body) }
        }
        return []
    }
}

// MARK: - Requests

extension Client {
    /// nil where the client knows no id for a name.
    private func form(of operation: Operation) -> Form? {
        switch operation {
        case .launch(let launch): form(of: launch)
        case .stop(let name, let shutdown): instances(name, "StopInstances")?.adding(shutdown.parameters)
        case .start(let name): instances(name, "StartInstances")
        case .reboot(let name): instances(name, "RebootInstances")
        case .terminate(let name, let shutdown): instances(name, "TerminateInstances")?.adding(shutdown.parameters)
        case .tag(let name, let key, let value):
            ledger.launches[name].map {
                Form("CreateTags", [("Tag.1.Key", key), ("Tag.1.Value", value)])
                    .adding($0.map(\.description), as: "ResourceId")
            }
        case .changeCredits(let name, let isUnlimited): creditForm(name, isUnlimited ? "unlimited" : "standard")
        case .createGroup(let name, let vpc): groupForm(name, vpc)
        case .authorize(let name, let port): rule(name, port, "AuthorizeSecurityGroupIngress")
        case .revoke(let name, let port): rule(name, port, "RevokeSecurityGroupIngress")
        case .allocateAddress(let name): Form("AllocateAddress", making: name, "elastic-ip", [("Domain", "vpc")])
        case .associate(let address, let instance): associateForm(address, instance)
        case .disassociate(let name): disassociateForm(name)
        case .release(let name): ledger.id(name).map { Form("ReleaseAddress", [("AllocationId", $0)]) }
        case .createVPC, .createSubnet, .createGateway, .attach, .detach, .createTable, .createRoute, .associateTable,
            .delete:
            networkForm(of: operation)
        case .encryptByDefault: Form("EnableEbsEncryptionByDefault")
        case .chooseKey(let id): Form("ModifyEbsDefaultKmsKeyId", [("KmsKeyId", id)])
        case .createVolume, .copyVolume, .attachVolume, .detachVolume, .endVolume, .growVolume, .createImage,
            .replaceRoot:
            volumeForm(of: operation)
        case .createSnapshot, .createSnapshots, .copySnapshot, .lockSnapshot, .unlockSnapshot, .restoreSnapshot,
            .createVolumeOf, .copyImage, .deregisterImage, .restoreImage, .enableFastRestore, .disableFastRestore:
            snapshotForm(of: operation)
        case .capacity(let operation): form(of: operation)
        case .eventWindow(let operation): form(of: operation)
        }
    }

    private func networkForm(of operation: Operation) -> Form? {
        switch operation {
        case .createVPC(let name, let block): return Form("CreateVpc", making: name, "vpc", [("CidrBlock", block)])
        case .createSubnet(let name, let vpc, let block):
            guard let vpc = ledger.id(vpc) else { return nil }
            return Form("CreateSubnet", making: name, "subnet", [("VpcId", vpc), ("CidrBlock", block)])
        case .createGateway(let name): return Form("CreateInternetGateway", making: name, "internet-gateway")
        case .attach(let gateway, let vpc): return pair("AttachInternetGateway", gateway, vpc)
        case .detach(let gateway, let vpc): return pair("DetachInternetGateway", gateway, vpc)
        case .createTable(let name, let vpc):
            guard let vpc = ledger.id(vpc) else { return nil }
            return Form("CreateRouteTable", making: name, "route-table", [("VpcId", vpc)])
        case .createRoute(let table, let gateway):
            guard let table = ledger.id(table), let gateway = ledger.id(gateway) else { return nil }
            return Form(
                "CreateRoute",
                [("RouteTableId", table), ("GatewayId", gateway), ("DestinationCidrBlock", "0.0.0.0/0")])
        case .associateTable(let table, let subnet):
            guard let table = ledger.id(table), let subnet = ledger.id(subnet) else { return nil }
            return Form("AssociateRouteTable", [("RouteTableId", table), ("SubnetId", subnet)])
        case .delete(.placementGroup, let name):
            return ledger.id(name).map { _ in Form("DeletePlacementGroup", [("GroupName", name)]) }
        case .delete(let kind, let name):
            return ledger.id(name).map { Form(kind.action, [(kind.parameter, $0)]) }
        case .launch, .stop, .start, .reboot, .terminate, .tag, .changeCredits, .createGroup, .authorize, .revoke,
            .allocateAddress, .associate, .disassociate, .release, .createVolume, .attachVolume, .detachVolume,
            .endVolume, .growVolume,
            .createImage, .replaceRoot, .createSnapshot, .createSnapshots, .copySnapshot, .lockSnapshot,
            .unlockSnapshot, .restoreSnapshot, .createVolumeOf, .copyVolume, .copyImage, .deregisterImage,
            .enableFastRestore, .disableFastRestore, .encryptByDefault, .chooseKey, .restoreImage, .capacity,
            .eventWindow:
            return nil
        }
    }

    private func volumeForm(of operation: Operation) -> Form? {
        switch operation {
        case .createVolume(let name, let size, let isShared):
            let form = Form(
                "CreateVolume", making: name, "volume",
                [("AvailabilityZone", Furnishing.settings.zones[0].name), ("Size", "\(size)")])
            guard isShared else { return form }
            return form.adding([("VolumeType", "io2"), ("Iops", "100"), ("MultiAttachEnabled", "true")])
        case .copyVolume(let name, let source, let size):
            return ledger.id(source).map {
                Form("CopyVolumes", making: name, "volume", [("SourceVolumeId", $0), ("Size", "\(size)")])
                    .adding([("ClientToken", "\(self.name)-\(name)")])
            }
        case .attachVolume(let name, let instance, let device):
            guard let id = ledger.id(name), let instance = ledger.launches[instance]?.first else { return nil }
            return Form(
                "AttachVolume", [("VolumeId", id), ("InstanceId", "\(instance)"), ("Device", device)])
        case .detachVolume(let name, let instance, let force):
            guard let id = ledger.id(name) else { return nil }
            let form = Form("DetachVolume", [("VolumeId", id), ("Force", "\(force)")])
            return instance.flatMap { ledger.launches[$0]?.first }.map { form.adding([("InstanceId", "\($0)")]) }
                ?? form
        case .endVolume(_, let instance, let device):
            guard let instance = ledger.launches[instance]?.first else { return nil }
            return Form(
                "ModifyInstanceAttribute",
                [
                    ("InstanceId", "\(instance)"), ("BlockDeviceMapping.1.DeviceName", device),
                    ("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true"),
                ])
        case .growVolume(let name, let size):
            return ledger.id(name).map { Form("ModifyVolume", [("VolumeId", $0), ("Size", "\(size)")]) }
        case .createImage(let name, let instance, let reboots, let isKept):
            guard let instance = ledger.launches[instance]?.first else { return nil }
            let wanted = [("InstanceId", "\(instance)"), ("Name", name), ("NoReboot", "\(!reboots)")]
            guard isKept else { return Form("CreateImage", wanted) }
            return Form("CreateImage", making: name, "image", wanted).adding(Furnishing.keptTag)
        case .replaceRoot(let token, let instance):
            guard let instance = ledger.launches[instance]?.first else { return nil }
            return Form(
                "CreateReplaceRootVolumeTask",
                [("InstanceId", "\(instance)"), ("ClientToken", "\(self.name)-\(token)")])
        default: return nil
        }
    }

    private func form(of launch: Operation.Launch) -> Form? {
        var form = Form(
            "RunInstances",
            [
                ("MinCount", "\(launch.count)"), ("MaxCount", "\(launch.count)"),
                ("ClientToken", "\(name)-\(launch.name)"),
            ])
        if let template = launch.template {
            guard let id = ledger.id(template) else { return nil }
            form = form.adding([("LaunchTemplate.LaunchTemplateId", id)])
        } else {
            form = form.adding([
                ("ImageId", "\(Furnishing.image)"), ("InstanceType", "t3.micro"),
                ("MetadataOptions.InstanceMetadataTags", "enabled"),
            ])
        }
        if let group = launch.placement { form = form.adding([("Placement.GroupName", group)]) }
        if launch.isSpot { form = form.adding([("InstanceMarketOptions.MarketType", "spot")]) }
        if let reservation = launch.reservation {
            guard let id = ledger.id(reservation) else { return nil }
            let target = "CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId"
            form = form.adding([(target, id)])
        }
        if launch.terminatesItself { form = form.adding([("InstanceInitiatedShutdownBehavior", "terminate")]) }
        if let subnet = launch.subnet {
            guard let id = ledger.id(subnet) else { return nil }
            form = form.adding([("SubnetId", id)])
        }
        if let group = launch.group {
            guard let id = ledger.id(group) else { return nil }
            form = form.adding([("SecurityGroupId.1", id)])
        }
        if launch.hibernates {
            form = form.adding([
                ("HibernationOptions.Configured", "true"), ("BlockDeviceMapping.3.DeviceName", "/dev/xvda"),
                ("BlockDeviceMapping.3.Ebs.Encrypted", "true"),
            ])
        }
        guard launch.hasMoreVolumes else { return form }
        return form.adding([
            ("BlockDeviceMapping.1.DeviceName", "/dev/sdf"), ("BlockDeviceMapping.1.Ebs.VolumeSize", "10"),
            ("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "false"), ("BlockDeviceMapping.2.DeviceName", "/dev/sdg"),
            ("BlockDeviceMapping.2.Ebs.VolumeSize", "1"),
        ])
    }

    /// Without those that were terminated so long ago that they are forgotten.
    private func instances(_ name: String, _ action: String) -> Form? {
        let present = (ledger.launches[name] ?? []).filter { rig.records.instances[$0] != nil }
        return present.isEmpty ? nil : Form(action).adding(present.map(\.description), as: "InstanceId")
    }

    private func creditForm(_ name: String, _ credits: String) -> Form? {
        let present = (ledger.launches[name] ?? []).filter { rig.records.instances[$0] != nil }
        guard !present.isEmpty else { return nil }
        return Form("ModifyInstanceCreditSpecification").adding(
            present.enumerated().flatMap { place, id in
                let item = "InstanceCreditSpecification.\(place + 1)"
                return [("\(item).InstanceId", "\(id)"), ("\(item).CpuCredits", credits)]
            })
    }

    private func groupForm(_ name: String, _ vpc: String?) -> Form? {
        let form = Form(
            "CreateSecurityGroup", making: name, "security-group", [("GroupName", name), ("GroupDescription", "test")])
        guard let vpc else { return form }
        return ledger.id(vpc).map { form.adding([("VpcId", $0)]) }
    }

    private func rule(_ name: String, _ port: Int, _ action: String) -> Form? {
        ledger.id(name).map {
            Form(
                action,
                [
                    ("GroupId", $0), ("IpPermissions.1.IpProtocol", "tcp"), ("IpPermissions.1.FromPort", "\(port)"),
                    ("IpPermissions.1.ToPort", "\(port)"), ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"),
                ])
        }
    }

    private func associateForm(_ address: String, _ instance: String) -> Form? {
        guard let address = ledger.id(address), let instance = ledger.launches[instance]?.first else { return nil }
        return Form(
            "AssociateAddress",
            [("AllocationId", address), ("InstanceId", "\(instance)"), ("AllowReassociation", "true")])
    }

    /// By the association's id, which the client looks up.
    private func disassociateForm(_ name: String) -> Form? {
        guard let id = ledger.id(name).flatMap({ AllocationID($0) }),
            let association = rig.records.addresses[id]?.association
        else { return nil }
        return Form("DisassociateAddress", [("AssociationId", "\(association.id)")])
    }

    private func pair(_ action: String, _ gateway: String, _ vpc: String) -> Form? {
        guard let gateway = ledger.id(gateway), let vpc = ledger.id(vpc) else { return nil }
        return Form(action, [("InternetGatewayId", gateway), ("VpcId", vpc)])
    }
}
