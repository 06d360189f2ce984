import EventLoop
import GroupModel

// What the node shows of itself: to swift-metrics at a slow pace, and over HTTP when asked.
extension NodeRuntime {
    /// To be done every `metrics.interval`, when there is somebody who takes them.
    func reportMetrics() {
        guard let metrics, stage != .stopped else { return }
        snapshot()
        metrics.report(statistics)
        reporting?.schedule(after: Interval(settings.metricsInterval).nanoseconds)
    }

    func flushed(in time: Interval) {
        statistics.hwgFlushTimes.record(time.nanoseconds)
        metrics?.took("lwg_hwg_flush_seconds", nanoseconds: time.nanoseconds)
    }

    func joined(in time: Interval) {
        statistics.joinTimes.record(time.nanoseconds)
        metrics?.took("lwg_join_seconds", nanoseconds: time.nanoseconds)
    }

    /// Why the node is not ready, for `/readyz` and `lwg_ready`; nil when it is: in a view of a heavyweight group, with
    /// `partition: primary` the control group's primary view that is not held, and not stopping.
    var unreadiness: String? {
        if stage != .running { return "stopping" }
        if core.pointee.lacksMajority { return "too few nodes for a primary view can be reached; groups are held" }
        return core.pointee.isInView ? nil : "in no heavyweight group yet; join a group"
    }

    /// What the HTTP endpoint says. `/livez`: the loop turns.
    func answer(_ request: HTTPRequest) -> HTTPResponse {
        switch request.path {
        case "/metrics":
            snapshot()
            let identity = Exposition.Identity(
                node: settings.name, member: names.text(me), cluster: settings.cluster)
            let text = Exposition.text(statistics, identity, .now())
            return HTTPResponse(status: 200, contentType: Exposition.contentType, body: Array(text.utf8))
        case "/livez":
            return HTTPResponse(status: 200, line: "alive")
        case "/readyz":
            let reason = unreadiness
            return HTTPResponse(
                status: reason == nil ? 200 : 503, line: reason.map { "not ready: \($0)" } ?? "ready")
        default:
            return HTTPResponse(status: 404, line: "there are /metrics, /livez and /readyz")
        }
    }
}
