import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeInstanceStatus`: running instances alone, unless all are asked for.
enum DescribeInstanceStatus: RecordAction {
    typealias Operation = EC2.Operation.DescribeInstanceStatus

    static func perform(
        _ input: EC2.DescribeInstanceStatusRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeInstanceStatusResult {
        try InstancePages.check(input, besides: input.instanceIDs)
        let named: [InstanceRecord] = try Lookup.owned(input.instanceIDs, in: transaction)
        let (state, settings) = (transaction.state, transaction.settings)
        let shown = named.filter { input.includeAllInstances == true || $0.state == .running }
        let selected = try filters.select(
            shown.map { EC2.InstanceStatus($0, state.statusChecks(of: $0), settings) }, by: input.filters, in: state)
        let page = try Pagination.page(selected, for: input) {
            $0.instanceID ?? ""
        }
        return EC2.DescribeInstanceStatusResult(instanceStatuses: page.items, nextToken: page.nextToken)
    }

    private static func one(
        _ value: @escaping @Sendable (EC2.InstanceStatus) -> String?
    ) -> FilterTable<EC2.InstanceStatus>.Values {
        { status, _ in value(status).map { [$0] } ?? [] }
    }

    private static func events(
        _ value: @escaping @Sendable (EC2.InstanceStatusEvent) -> String?
    ) -> FilterTable<EC2.InstanceStatus>.Values {
        { status, _ in status.events.compactMap(value) }
    }

    private static let filters = FilterTable<EC2.InstanceStatus>(
        [
            "attached-ebs-status.status": one { $0.attachedEBSStatus?.status?.rawValue },
            "availability-zone": one { $0.availabilityZone },
            "availability-zone-id": one { $0.availabilityZoneID },
            "event.code": events { $0.code?.rawValue }, "event.description": events { $0.description },
            "event.instance-event-id": events { $0.instanceEventID },
            "event.not-after": events { $0.notAfter?.description },
            "event.not-before": events { $0.notBefore?.description },
            "event.not-before-deadline": events { $0.notBeforeDeadline?.description },
            "instance-state-code": one { $0.instanceState?.code.map { "\($0)" } },
            "instance-state-name": one { $0.instanceState?.name?.rawValue },
            "instance-status.reachability": one { $0.instanceStatus?.details.first?.status?.rawValue },
            "instance-status.status": one { $0.instanceStatus?.status?.rawValue },
            "operator.managed": one { _ in "false" }, "operator.principal": one { _ in nil },
            "system-status.reachability": one { $0.systemStatus?.details.first?.status?.rawValue },
            "system-status.status": one { $0.systemStatus?.status?.rawValue },
        ])
}

extension EC2.InstanceStatus {
    init(_ instance: InstanceRecord, _ checks: StatusChecks?, _ settings: CloudSettings) {
        self.init(
            availabilityZone: instance.availabilityZone,
            availabilityZoneID: settings.zoneID(ofZone: instance.availabilityZone),
            operator: EC2.OperatorResponse(managed: false),
            events: (instance.events ?? []).map { EC2.InstanceStatusEvent($0) }, instanceID: instance.id.description,
            instanceState: EC2.InstanceState(instance.state),
            instanceStatus: EC2.InstanceStatusSummary(checks?.instance),
            systemStatus: EC2.InstanceStatusSummary(checks?.system),
            attachedEBSStatus: EC2.EbsStatusSummary(checks?.volumes))
    }
}

extension EC2.InstanceStatusSummary {
    /// - Parameter check: nil: the instance does not run.
    fileprivate init(_ check: StatusCheck?) {
        let details = check.map {
            EC2.InstanceStatusDetails(
                impairedSince: $0.impairedSince, name: .reachability,
                status: EC2.StatusType(rawValue: $0.outcome.rawValue))
        }
        self.init(details: details.map { [$0] } ?? [], status: EC2.SummaryStatus(check))
    }
}

extension EC2.EbsStatusSummary {
    fileprivate init(_ check: StatusCheck?) {
        let details = check.map {
            EC2.EbsStatusDetails(
                impairedSince: $0.impairedSince, name: .reachability,
                status: EC2.StatusType(rawValue: $0.outcome.rawValue))
        }
        self.init(details: details.map { [$0] } ?? [], status: EC2.SummaryStatus(check))
    }
}

extension EC2.SummaryStatus {
    fileprivate init(_ check: StatusCheck?) {
        self =
            switch check?.outcome {
            case nil: .notApplicable
            case .initializing: .initializing
            case .passed: .ok
            case .failed: .impaired
            case .insufficientData: .insufficientData
            }
    }
}
