import Records

/// What tests say of a value: its text, so that one table can hold all kinds.
func text(_ value: FieldValue?) -> String? {
    switch value {
    case nil: nil
    case .time(let time): "\(time)"
    case .integer(let number): "\(number)"
    case .interface(let index): "#\(index)"
    case .direction(let direction): "\(direction.name)"
    case .address(let address): "\(address)"
    case .mac(let address): "\(address)"
    case .boolean(let flag): "\(flag)"
    case .bytes(let bytes): bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    case .list(let list): list.map { "\($0)" }.joined(separator: ",")
    }
}
