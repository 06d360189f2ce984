// A new configuration for a node at work.
extension NodeRuntime {
    /// Takes what can change; all of it or, when it contradicts what stays, nothing.
    func reload(_ wanted: NodeSettings) throws(ConfigurationError) -> Reload {
        guard stage == .running else { return Reload() }
        let plan = try Reload.plan(from: settings, to: wanted)
        guard !plan.reload.applied.isEmpty else {
            tellRestarts(plan.reload)
            return plan.reload
        }
        var configuration = core.pointee.configuration
        do {
            try configuration.retune(by: plan.settings)
        } catch {
            throw ConfigurationError(problems: [.init(source: "running node", key: "", reason: "\(error)")])
        }
        settings = plan.settings
        logger.level = plan.settings.logLevel
        handle(.configurationChanged(configuration))
        reportMetrics()
        statistics.reloads &+= 1
        for change in plan.reload.applied { logger.write(.reloaded, "configuration: \(change)") }
        tellRestarts(plan.reload)
        return plan.reload
    }

    private func tellRestarts(_ reload: Reload) {
        for change in reload.needRestart {
            logger.write(.needsRestart, "configuration: \(change) needs a restart; the old value stays until then")
        }
    }

    func refuse(_ error: ConfigurationError) {
        statistics.refusedReloads &+= 1
        for problem in error.problems {
            logger.write(.reloadRefused, "configuration not taken, the old values stay: \(problem)")
        }
    }
}

extension GroupNode {
    /// Takes from `settings` what can change while the node runs (`SettingKey.isReloadable`), and tells, in the log too,
    /// what would need a restart. What the table has no key for (`traceFile`, `explicitHolds`, `seed`) stays.
    /// - Returns: nothing changed when the node is stopping.
    /// - Throws: when what would be in force contradicts itself; nothing is taken then.
    @discardableResult
    public func reload(_ settings: NodeSettings) async throws(ConfigurationError) -> Reload {
        let outcome = await runtime.ask { runtime -> Result<Reload, ConfigurationError> in
            do throws(ConfigurationError) {
                return .success(try runtime.reload(settings))
            } catch {
                return .failure(error)
            }
        }
        return try outcome?.get() ?? Reload()
    }
}
