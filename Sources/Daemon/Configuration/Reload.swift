extension LoadedConfiguration {
    /// What is in force after `next` has been read while this one was: everything but what only a start can change.
    /// - Returns: the configuration, and the names of settings whose new value waits for a restart.
    func reloaded(with next: LoadedConfiguration) -> (inForce: LoadedConfiguration, waiting: [String]) {
        var inForce = next
        var waiting: [String] = []
        for setting in Setting.all where setting.needsRestart {
            guard setting.show(configuration) != setting.show(next.configuration) else { continue }
            inForce.keep(setting, of: self)
            waiting.append(setting.name)
        }
        return (inForce, waiting)
    }

    private mutating func keep(_ setting: Setting, of other: LoadedConfiguration) {
        setting.copy(other.configuration, &configuration)
        origins[setting.name] = other.origins[setting.name]
    }
}
