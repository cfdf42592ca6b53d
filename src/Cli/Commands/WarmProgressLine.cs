using System.Globalization;

namespace ZarrCache.Cli.Commands;

/// <summary>
/// Shows on standard error how far warming is: one line written over and over on a terminal, a new line now and then
/// elsewhere, nothing beside <c>--json</c>.
/// </summary>
internal sealed class WarmProgressLine : IAsyncDisposable
{
    private static readonly TimeSpan OnTerminal = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Elsewhere = TimeSpan.FromSeconds(30);

    private readonly TextWriter _writer;
    private readonly Warmer _warmer;
    private readonly long _keyCount;
    private readonly bool _isTerminal;
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _shown;
    private int _width;

    public WarmProgressLine(CommandContext context, Warmer warmer, long keyCount)
    {
        _writer = context.Error;
        _warmer = warmer;
        _keyCount = keyCount;
        _isTerminal = context.Progress.Profile.Out.IsTerminal;
        _shown = context.IsJson ? Task.CompletedTask : ShowAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _shown;
        if (_width > 0)
        {
            await _writer.WriteAsync($"\r{new string(' ', _width)}\r");
        }

        _stop.Dispose();
    }

    private async Task ShowAsync()
    {
        using var timer = new PeriodicTimer(_isTerminal ? OnTerminal : Elsewhere, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                string line = Describe();
                await _writer.WriteAsync(_isTerminal ? $"\r{line.PadRight(_width)}" : line + Environment.NewLine);
                _width = _isTerminal ? Math.Max(_width, line.Length) : 0;
            }
        }
        catch (OperationCanceledException)
        {
            // the end of the run
        }
    }

    private string Describe()
    {
        WarmProgress done = _warmer.Progress;
        TimeSpan elapsed = TimeProvider.System.GetElapsedTime(_started);
        double rate = done.Keys / elapsed.TotalSeconds;
        string left = done.Keys > 0 ? $", about {Durations.Format(TimeSpan.FromSeconds((_keyCount - done.Keys) / rate))} left" : "";
        double percent = _keyCount == 0 ? 100 : 100.0 * done.Keys / _keyCount;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{percent:0}%  {done.Keys} of {_keyCount} keys, {rate:0} keys/s, {ByteSize.Format((long)(done.FetchedBytes / elapsed.TotalSeconds))}/s{left}");
    }
}
