using System.Numerics;
using System.Runtime.Intrinsics;

namespace RingKit.Interleaving;

/// <summary>All executions of a program, each a path from the root of a tree whose nodes are its steps.</summary>
/// <remarks>
/// With <see cref="Reduction.PartialOrder"/>, executions that differ only in the order of steps that do not matter to each other are
/// run once. What matters: a read and the store that it could read instead, two read-modify-writes of one word, two full fences. A
/// compare-exchange that refuses is a load, but one that an earlier read-modify-write may have kept from succeeding. A program with a process-wide
/// fence is not reduced at all: it begins anew when the first one is met. Two stores do not, nor does a store after a read, since a store may go anywhere in
/// the modification order that coherence permits and a read may read old stores. A thread is therefore put in front of another one only where a step of it was seen to matter (dynamic partial
/// order reduction with source sets), and a thread whose next step was explored here already sleeps until there is a store that it could
/// not read then.
/// </remarks>
internal sealed class DepthFirst(ExplorationOptions options) : Strategy
{
    private readonly List<Node> _nodes = [];
    private bool _reduces = options.Reduction == Reduction.PartialOrder && options.PreemptionBound is null;
    private int _replayed;
    private int _changed;
    private bool _beginsAnew;

    // Per thread: the step since which it sleeps, or Awake.
    private Vector128<int> _sleep = Vector128.Create(Awake);

    private const int Awake = -1;

    private sealed class Node
    {
        public int Thread;
        public int Choice;
        public int ChoiceCount;
        public uint Enabled;
        public uint Selectable;
        public uint Wanted;
        public uint Done;
        public int Preemptions;
        public Vector128<int> Sleep;
    }

    public override bool CutsOffIdleRounds => true;

    /// <summary>Goes to the next path; false when there is none left.</summary>
    public bool Advance()
    {
        if (_beginsAnew)
        {
            _beginsAnew = false;
            _nodes.Clear();
            _replayed = _changed = 0;
            return true;
        }

        while (_nodes.Count > 0)
        {
            int depth = _nodes.Count - 1;
            Node node = _nodes[depth];
            if (++node.Choice < node.ChoiceCount)
                return Restart(depth);

            node.Done |= 1u << node.Thread;
            if (_reduces)
                node.Sleep = node.Sleep.WithElement(node.Thread, depth);
            uint left = node.Wanted & node.Selectable & ~node.Done;
            if (left != 0)
            {
                Select(depth, node, BitOperations.TrailingZeroCount(left));
                return Restart(depth);
            }

            _nodes.RemoveAt(depth);
        }

        return false;
    }

    public override int NextThread(Execution execution, uint enabled, int previous)
    {
        int depth = execution.StepCount;
        if (depth < _replayed)
        {
            Node known = _nodes[depth];
            if (known.Enabled != enabled)
                throw new ModelException("The same choices led to other steps: the program is not deterministic.");
            return Enter(known);
        }

        if (depth == 0)
            _sleep = Vector128.Create(Awake);
        uint selectable = enabled & ~Sleeping(execution, enabled);
        if (selectable == 0)
            return -1;

        var node = new Node { Enabled = enabled, Selectable = selectable, Sleep = _sleep };
        bool canGoOn = previous >= 0 && (selectable >> previous & 1) != 0;
        uint wanted = selectable;
        if (options.PreemptionBound is { } bound && canGoOn && depth > 0 && PreemptionsBefore(depth) >= bound)
            wanted = 1u << previous;
        Select(depth, node, canGoOn ? previous : BitOperations.TrailingZeroCount(selectable));
        node.Wanted = _reduces ? 1u << node.Thread : wanted;
        _nodes.Add(node);
        _replayed = depth + 1;
        return Enter(node);
    }

    public override int Choose(Execution execution, ReadOnlySpan<int> distances)
    {
        Node node = _nodes[execution.StepCount];
        if (node.ChoiceCount != 0 && node.ChoiceCount != distances.Length)
            throw new ModelException("The same choices led to other values: the program is not deterministic.");
        node.ChoiceCount = distances.Length;
        return distances[node.Choice];
    }

    public override void Stepped(Execution execution, int step)
    {
        if (!_reduces)
            return;

        ref StepRecord taken = ref execution.Steps[step];
        if (taken.Kind == OperationKind.ProcessWideFence)
        {
            // What such a fence matters to depends on where it stands in the thread that it fences; the reduction below misses some of it.
            _reduces = false;
            _beginsAnew = true;
            return;
        }

        // The order of two fences matters, and so does a step's place before or behind another thread's fence in its own: whoever sleeps before
        // the one wakes for the other.
        bool isFence = taken.Kind is OperationKind.Fence or OperationKind.ProcessWideFence;
        foreach (LogicalThread thread in execution.Threads)
        {
            bool wakes = thread.NextFenced?.Index == taken.Thread || thread.Index == taken.Fenced
                || (isFence && (thread.NextKind is OperationKind.Fence or OperationKind.ProcessWideFence));
            if (wakes && thread.Index != taken.Thread)
                _sleep = _sleep.WithElement(thread.Index, Awake);
        }

        // Below, the path is that of the last execution, and so is all that was wanted on it.
        if (step < _changed)
            return;

        if (taken.FencedBy >= 0)
            TryReverse(execution, taken.FencedBy, step, taken.CauseBeforeFenced);
        if (taken.Fenced >= 0 && LastStepOf(execution, taken.Fenced, step) is >= 0 and var last)
            TryReverse(execution, last, step, taken.CauseBeforeFencing);

        if (isFence)
        {
            if (execution.LastFence >= 0)
                TryReverse(execution, execution.LastFence, step, taken.CauseBefore);
        }
        else if (taken.Written is not null)
        {
            foreach (int read in taken.Location!.ReadSteps)
                TryReverse(execution, read, step, taken.CauseBefore);
        }
        else if (taken.Refuses)
        {
            // Before one of these it could have found what it expected, in a store that nothing may follow any more.
            foreach (int read in taken.Location!.ReadSteps)
            {
                if (execution.Steps[read].Kind == OperationKind.ReadModifyWrite)
                    TryReverse(execution, read, step, taken.CauseBefore);
            }
        }
    }

    // The later step, which depends on so much, could come first: then the earlier one could read it, or not read what it read.
    private void TryReverse(Execution execution, int earlier, int later, Vector128<int> cause)
    {
        Span<StepRecord> steps = execution.Steps;
        ref StepRecord first = ref steps[earlier];
        ref StepRecord second = ref steps[later];
        if (first.Thread == second.Thread || cause.GetElement(first.Thread) >= first.Clock)
            return;
        if (second.Written is not null && first.Kind == OperationKind.Load && !IsReadable(ref first, ref second))
            return;

        // The steps in between that do not depend on the earlier one, then the later one: one of its first ones has to be tried here.
        uint initials = 0;
        int firstOfAll = -1;
        Vector128<int> begun = Vector128.Create(Clocks.Never);
        for (int i = earlier + 1; i <= later; i++)
        {
            ref StepRecord step = ref steps[i];
            Vector128<int> needs = i == later ? cause : step.Cause;
            if (i != later && needs.GetElement(first.Thread) >= first.Clock)
                continue;
            if (begun.GetElement(step.Thread) != Clocks.Never)
                continue;
            if (!DependsOn(needs, begun, step.Thread))
            {
                initials |= 1u << step.Thread;
                if (firstOfAll < 0)
                    firstOfAll = step.Thread;
            }

            begun = begun.WithElement(step.Thread, step.Clock);
        }

        Node node = _nodes[earlier];
        if ((initials & (node.Wanted | (node.Enabled & ~node.Selectable))) != 0)
            return;

        uint wish = (initials >> second.Thread & 1) != 0 ? 1u << second.Thread : 1u << firstOfAll;

        // A thread that was paused there went on only since something was stored: any other thread may lead there.
        node.Wanted |= (node.Enabled & wish) != 0 ? wish : node.Enabled;
    }

    private static int LastStepOf(Execution execution, int thread, int before)
    {
        while (--before >= 0 && execution.Steps[before].Thread != thread)
        {
        }

        return before;
    }

    private static bool IsReadable(ref StepRecord read, ref StepRecord write)
    {
        Location location = write.Location!;
        return location.PositionOf(write.Written!) > location.PositionOf(read.Floor!);
    }

    // Whether a step depends on one of those that began: the first one of each other thread.
    private static bool DependsOn(Vector128<int> cause, Vector128<int> begun, int self)
    {
        uint known = Vector128.LessThanOrEqual(begun, cause).ExtractMostSignificantBits() & ~(1u << self);
        return known != 0;
    }

    private int Enter(Node node)
    {
        ReadsOnlyFrom = node.Sleep.GetElement(node.Thread);
        _sleep = node.Sleep.WithElement(node.Thread, Awake);
        return node.Thread;
    }

    private uint Sleeping(Execution execution, uint enabled)
    {
        uint sleeping = 0;
        for (uint left = enabled; left != 0; left &= left - 1)
        {
            int thread = BitOperations.TrailingZeroCount(left);
            int since = _sleep.GetElement(thread);
            if (since != Awake && !Execution.CouldRead(execution.Threads[thread], since))
                sleeping |= 1u << thread;
        }

        return sleeping;
    }

    private void Select(int depth, Node node, int thread)
    {
        node.Thread = thread;
        node.Choice = 0;
        node.ChoiceCount = 0;
        node.Preemptions = PreemptionsBefore(depth);
        if (depth > 0 && _nodes[depth - 1].Thread != thread && (node.Enabled >> _nodes[depth - 1].Thread & 1) != 0)
            node.Preemptions++;
    }

    private int PreemptionsBefore(int depth) => depth == 0 ? 0 : _nodes[depth - 1].Preemptions;

    private bool Restart(int depth)
    {
        _replayed = _nodes.Count;
        _changed = depth;
        return true;
    }
}
