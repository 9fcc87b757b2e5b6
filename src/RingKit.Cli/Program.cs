using RingKit.Cli.Commands;

WithoutProfile.Restart(args);
return await RingKitCommand.RunAsync(args, Console.Out, Console.Error).ConfigureAwait(false);
