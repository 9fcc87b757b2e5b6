using System.Numerics;

namespace RingKit.Bitmaps.Cores;

/// <summary>How far a harvest has come.</summary>
internal sealed unsafe partial class DirtyBitmapCore<TOrdering>
{
    /// <summary>What of a bitmap is looked at, how far that has come, and how much may still be taken.</summary>
    internal struct Part
    {
        // The group of words found last, which of it are still to be taken, and where to search on.
        public nuint Group;
        public ulong Pending;
        public nuint Next;

        // The part's words end at EndWord; those from FirstWhole to EndWhole are its own wholly.
        public nuint EndWord;
        public nuint FirstWhole;
        public nuint EndWhole;
        public ulong FirstMask;
        public ulong LastMask;

        public ulong End;
        public ulong Room;
        public ulong Reached;

        /// <summary>How many words were taken as they are.</summary>
        public nuint WholeWords;

        public readonly ulong MaskOf(nuint word) =>
            (word < FirstWhole ? FirstMask : ulong.MaxValue) & (word + 1 == EndWord ? LastMask : ulong.MaxValue);

        /// <summary>Whether a word can be taken as it is: the part has all of it, and there is room for all.</summary>
        public readonly bool IsWhole(nuint word) => Room >= 64 && word >= FirstWhole && word < EndWhole;

        /// <summary>Which words of the group are pending, without one that the part cuts.</summary>
        public readonly ulong PendingWhole => Pending & (EndWhole - Group < 64 ? (1UL << (int)(EndWhole - Group)) - 1 : ulong.MaxValue);

        /// <summary>How many pages may be taken before a whole word may be too many.</summary>
        public readonly long MostPages => (long)Math.Min(Room, long.MaxValue) - 64;

        /// <summary>Of <see cref="PendingWhole"/> all but the rest were taken, one at least, which were so many pages.</summary>
        public void MoveTo(ulong rest, ulong pages)
        {
            ulong taken = PendingWhole & ~rest;
            WholeWords += (nuint)BitOperations.PopCount(taken);
            Pending ^= taken;
            Reached = ((ulong)Group + 64 - (uint)BitOperations.LeadingZeroCount(taken)) << 6;
            Room -= pages;
        }
    }
}
