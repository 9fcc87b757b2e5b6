namespace RingKit.Kvm.Guests;

/// <summary>Where a guest program stores next.</summary>
public enum GuestPattern
{
    /// <summary>One page after the other, round and round; the value is the number of stores left.</summary>
    Sequential,

    /// <summary>One page after the other, round and round; each store adds 1 to what is there.</summary>
    Counter,

    /// <summary>Any page, by a linear congruential generator.</summary>
    Random,

    /// <summary>Seven stores of eight to the first few pages, and one to any, by the same generator.</summary>
    HotSet,
}
