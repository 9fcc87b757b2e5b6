using System.CommandLine;
using System.CommandLine.Parsing;
using RingKit.Cli.Machines;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;

namespace RingKit.Cli.Commands.Options;

/// <summary>The options for page tables of a second stage: arm64's, and x86's, which calls it a level.</summary>
internal sealed class SecondStageOptions
{
    private const string OnFault = "on-fault", Eager = "eager", Of2014 = "2014", Current = "current";

    private readonly Option<bool> _hugePages = new("--huge-pages")
    {
        Description = "With stage2, tdp and tdp-pml: the host has transparent huge pages behind the guest's memory.",
    };

    private readonly Option<string> _split = new("--split")
    {
        Description = "With stage2, tdp and tdp-pml: whether huge pages are split when they are stored to, or ahead, when the log starts.",
        HelpName = $"{OnFault}|{Eager}",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = MachineOptions.WordOf,
        DefaultValueFactory = _ => OnFault,
    };

    private readonly Option<string> _generation = new("--generation")
    {
        Description = "With stage2: KVM as the patches of 2014 would have it, or current.",
        HelpName = $"{Of2014}|{Current}",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = MachineOptions.WordOf,
        DefaultValueFactory = _ => Current,
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_hugePages);
        command.Options.Add(_split);
        command.Options.Add(_generation);
    }

    public Stage2Options Stage2(ParseResult parsed) => new()
    {
        HasHugePages = parsed.GetValue(_hugePages),
        EagerSplitChunk = parsed.GetRequiredValue(_split) == Eager ? Stage2Geometry.SizeAt(2) : 0,
        Generation = parsed.GetRequiredValue(_generation) == Of2014 ? Stage2Generation.Posted2014 : Stage2Generation.Current,
    };

    public TdpOptions Tdp(ParseResult parsed) => MachineSettings.DefaultTdp with
    {
        HostLevel = parsed.GetValue(_hugePages) ? MappingLevel.Size2M : MappingLevel.Size4K,
        SplitsEagerly = parsed.GetRequiredValue(_split) == Eager,
    };

    /// <summary>Adds the first error that there is: a value out of its range, or one that does not go with the others.</summary>
    public void Check(CommandResult command, MmuChoice mmu)
    {
        string split = command.GetValue(_split) ?? OnFault, generation = command.GetValue(_generation) ?? Current;
        if (split is not (OnFault or Eager))
            command.AddError($"--split {split}: choose one of {OnFault}, {Eager}");
        else if (generation is not (Of2014 or Current))
            command.AddError($"--generation {generation}: choose one of {Of2014}, {Current}");
        else if (mmu != MmuChoice.Stage2 && IsGiven(command, _generation))
            command.AddError($"{_generation.Name}: only with --mmu {MmuChoice.Stage2.Name}");
        else if (mmu != MmuChoice.Stage2 && !mmu.IsTdp && ((Option[])[_hugePages, _split]).FirstOrDefault(option => IsGiven(command, option)) is { } option)
            command.AddError($"{option.Name}: only with --mmu {MmuChoice.Stage2.Name}, {MmuChoice.Tdp.Name} or {MmuChoice.TdpWithLog.Name}");
        else if (split == Eager && generation == Of2014)
            command.AddError($"--split {Eager}: the patches of 2014 do not have it; choose --generation {Current}");
    }

    private static bool IsGiven(CommandResult command, Option option) => command.GetResult(option) is { Implicit: false };
}
