using System.ComponentModel;
using System.Diagnostics;

namespace ZarrCache.Reliability;

/// <summary>Runs programs of the system.</summary>
internal static class Shell
{
    /// <summary>Runs one to its end.</summary>
    /// <exception cref="InvalidOperationException">It failed, or there is none; the message is its own.</exception>
    public static async Task RunAsync(string program, IEnumerable<string> arguments, CancellationToken ct)
    {
        if (await TryAsync(program, arguments, ct) is { } error)
        {
            throw new InvalidOperationException(error);
        }
    }

    /// <returns>What went wrong; null if nothing did.</returns>
    public static async Task<string?> TryAsync(string program, IEnumerable<string> arguments, CancellationToken ct)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync(ct);
            string errors = await process.StandardError.ReadToEndAsync(ct);
            await output;
            await process.WaitForExitAsync(ct);
            return process.ExitCode == 0 ? null : $"{program} {string.Join(' ', arguments)}: {errors.Trim()}";
        }
        catch (Win32Exception e)
        {
            return $"{program}: {e.Message}";
        }
    }
}
