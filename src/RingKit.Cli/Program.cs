using RingKit.Cli.Commands;

return await RingKitCommand.RunAsync(args, Console.Out, Console.Error).ConfigureAwait(false);
