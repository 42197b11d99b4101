// What clients ask of launch templates, fleets, spot requests, placement groups and reservations, and the requests that say so.
// All that can be repeated safely by a token has one.

import ControlPlane

enum CapacityOperation: Sendable, Equatable {
    case createTemplate(String)
    /// Another version; the name is the token's.
    case createVersion(String, of: String)
    case createFleet(String, template: String, count: Int, isSpot: Bool)
    /// Its instances go with it.
    case deleteFleet(String)
    /// For one instance, which is terminated or stopped when it is taken away.
    case requestSpot(String, isPersistent: Bool, stops: Bool)
    case cancelSpot(String)
    /// `cluster`, `spread` or `partition`.
    case createGroup(String, strategy: String)
    /// In the zone where instances are launched that name no subnet.
    case reserve(String, count: Int, isOpen: Bool)
    case resize(String, count: Int)
    case cancelReservation(String)

    /// The name that the operation makes something under, and the element that tells its id.
    var made: (name: String, element: String)? {
        switch self {
        case .createTemplate(let name): (name, "launchTemplateId")
        case .createFleet(let name, _, _, _): (name, "fleetId")
        case .requestSpot(let name, _, _): (name, "spotInstanceRequestId")
        case .createGroup(let name, _): (name, "groupId")
        case .reserve(let name, _, _): (name, "capacityReservationId")
        case .createVersion, .deleteFleet, .cancelSpot, .resize, .cancelReservation: nil
        }
    }

    /// Whether it may be asked for again without looking for what it has made.
    var hasToken: Bool {
        switch self {
        case .createGroup: false
        case .createTemplate, .createVersion, .createFleet, .deleteFleet, .requestSpot, .cancelSpot, .reserve, .resize,
            .cancelReservation:
            true
        }
    }
}

extension Client {
    /// nil where the client knows no id for a name.
    func form(of operation: CapacityOperation) -> Form? {
        switch operation {
        case .createTemplate(let name):
            Form("CreateLaunchTemplate", [("LaunchTemplateName", name)]).adding(token(name)).adding(templateData)
        case .createVersion(let token, let template):
            ledger.id(template).map {
                Form("CreateLaunchTemplateVersion", [("LaunchTemplateId", $0)]).adding(self.token(token))
                    .adding(templateData)
            }
        case .createFleet(let name, let template, let count, let isSpot): fleetForm(name, template, count, isSpot)
        case .deleteFleet(let name):
            ledger.id(name).map { Form("DeleteFleets", [("FleetId.1", $0), ("TerminateInstances", "true")]) }
        case .requestSpot(let name, let isPersistent, let stops):
            Form(
                "RequestSpotInstances",
                [
                    ("Type", isPersistent ? "persistent" : "one-time"),
                    ("InstanceInterruptionBehavior", stops ? "stop" : "terminate"),
                    ("LaunchSpecification.ImageId", "\(Furnishing.image)"),
                    ("LaunchSpecification.InstanceType", "t3.micro"),
                ]
            ).adding(token(name))
        case .cancelSpot(let name):
            ledger.id(name).map { Form("CancelSpotInstanceRequests", [("SpotInstanceRequestId.1", $0)]) }
        case .createGroup(let name, let strategy):
            Form(
                "CreatePlacementGroup", making: name, "placement-group", [("GroupName", name), ("Strategy", strategy)])
        case .reserve(let name, let count, let isOpen): reservationForm(name, count, isOpen)
        case .resize(let name, let count):
            ledger.id(name).map {
                Form(
                    "ModifyCapacityReservation", [("CapacityReservationId", $0), ("InstanceCount", "\(count)")])
            }
        case .cancelReservation(let name):
            ledger.id(name).map { Form("CancelCapacityReservation", [("CapacityReservationId", $0)]) }
        }
    }

    private func token(_ name: String) -> [(String, String)] { [("ClientToken", "\(self.name)-\(name)")] }

    private var templateData: [(String, String)] {
        [
            ("LaunchTemplateData.ImageId", "\(Furnishing.image)"), ("LaunchTemplateData.InstanceType", "t3.micro"),
            ("LaunchTemplateData.MetadataOptions.InstanceMetadataTags", "enabled"),
        ]
    }

    private func fleetForm(_ name: String, _ template: String, _ count: Int, _ isSpot: Bool) -> Form? {
        ledger.id(template).map { id in
            let configuration = "LaunchTemplateConfigs.1.LaunchTemplateSpecification"
            return Form(
                "CreateFleet",
                [
                    ("Type", "instant"), ("\(configuration).LaunchTemplateId", id),
                    ("\(configuration).Version", "$Latest".replacing("$", with: "%24")),
                    ("TargetCapacitySpecification.TotalTargetCapacity", "\(count)"),
                    ("TargetCapacitySpecification.DefaultTargetCapacityType", isSpot ? "spot" : "on-demand"),
                ]
            ).adding(token(name))
        }
    }

    private func reservationForm(_ name: String, _ count: Int, _ isOpen: Bool) -> Form {
        Form(
            "CreateCapacityReservation",
            [
                ("InstanceType", "t3.micro"), ("InstancePlatform", "Linux/UNIX"),
                ("AvailabilityZone", Furnishing.zone), ("InstanceCount", "\(count)"),
                ("InstanceMatchCriteria", isOpen ? "open" : "targeted"),
            ]
        ).adding(token(name))
    }
}
