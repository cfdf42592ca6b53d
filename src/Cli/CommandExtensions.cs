using System.CommandLine;

namespace ZarrCache.Cli;

internal static class CommandExtensions
{
    /// <summary>
    /// Gives a command its work. A failure is one line on standard error that says what to do, and
    /// <see cref="ExitStatus.Failed"/>; the stack is shown by <c>--verbose</c>.
    /// </summary>
    public static void SetWork(this Command command, Func<CommandContext, CancellationToken, Task<int>> work) =>
        command.SetAction(async (arguments, ct) =>
        {
            using var context = new CommandContext(arguments);
            try
            {
                return await work(context, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return ExitStatus.Interrupted;
            }
#pragma warning disable CA1031 // the last line of defence: nobody gets a stack trace who has not asked for one
            catch (Exception e)
#pragma warning restore CA1031
            {
                string kind = Messages.IsExpected(e) ? "" : "internal error: ";
                context.Error.WriteLine($"zarr-cache: {kind}{Messages.Of(e)}{(context.IsVerbose ? Environment.NewLine + e : "")}");
                return ExitStatus.Failed;
            }
        });
}
