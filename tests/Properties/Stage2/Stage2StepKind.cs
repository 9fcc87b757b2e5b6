namespace RingKit.Properties.Stage2;

internal enum Stage2StepKind
{
    MapPage,
    MapBlock,
    MapGigabyte,
    Unmap,
    Protect,
    ProtectSpan,
    ProtectExact,
    SetYoung,
    ClearYoung,
    Relax,
    Split,
    Collapse,
    Access,
}
