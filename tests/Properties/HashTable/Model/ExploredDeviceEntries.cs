using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;

namespace RingKit.Properties.HashTable.Model;

/// <summary>Entries of devices: a vCPU that remembers one, and who makes memory of it, or takes the memory away.</summary>
internal sealed class ExploredDeviceEntries : ExploredStructure
{
    public override string Name => "entries of devices";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        // E70: what is kept under the new generation is memory.
        DeviceProgram.Of(isSet: false, [DeviceAction.Access], [DeviceAction.Set]),
    ];

    public override Gen<ModelProgram> Programs =>
        from guest in Many(3, Gen.Elements(DeviceAction.Access, DeviceAction.Access, DeviceAction.Remove, DeviceAction.Enter))
        from other in Many(2, Gen.Elements(DeviceAction.Access, DeviceAction.Remove, DeviceAction.Enter))
        from isSet in Gen.Elements(true, false)
        from back in Gen.Elements(true, false)
        let host = HostOf(isSet, back)
        from three in Gen.Elements(true, false)
        select (ModelProgram)(three ? DeviceProgram.Of(isSet, [guest[0]], [other[0]], host) : DeviceProgram.Of(isSet, guest, host));

    private static DeviceAction[] HostOf(bool isSet, bool back) => (isSet, back) switch
    {
        (false, _) => [DeviceAction.Set],
        (_, true) => [DeviceAction.Unset, DeviceAction.Set],
        _ => [DeviceAction.Unset],
    };

    private static Gen<DeviceAction[]> Many(int most, Gen<DeviceAction> one) =>
        from count in Gen.Choose(1, most)
        from actions in one.ArrayOf(count)
        select actions;
}
