using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace ZarrCache.Cli;

/// <summary>What a command runs with: its arguments, its two outputs, and the way to a cache.</summary>
internal sealed class CommandContext : IDisposable
{
    /// <summary>A pipe has no width: tables in it are not folded.</summary>
    private const int PipeWidth = 400;

    private readonly ParseResult _arguments;
    private readonly ILoggerFactory _logging;

    public CommandContext(ParseResult arguments)
    {
        _arguments = arguments;
        Output = arguments.InvocationConfiguration.Output;
        Error = arguments.InvocationConfiguration.Error;
        Console = NewConsole(Output);
        Progress = NewConsole(Error);
        _logging = LoggerFactory.Create(logging => logging
            .SetMinimumLevel(IsVerbose ? LogLevel.Debug : LogLevel.Warning)
            .AddProvider(new LineLoggerProvider(Error)));
        Logger = _logging.CreateLogger("zarr-cache");
    }

    /// <summary>Standard output: what was asked for.</summary>
    public TextWriter Output { get; }

    /// <summary>Standard error: what happens meanwhile.</summary>
    public TextWriter Error { get; }

    /// <summary>Standard output with tables and colours; plain when it is no terminal.</summary>
    public IAnsiConsole Console { get; }

    /// <summary>Standard error, for progress.</summary>
    public IAnsiConsole Progress { get; }

    public ILogger Logger { get; }

    public bool IsJson => _arguments.GetValue(CommonOptions.Json);

    public bool IsVerbose => _arguments.GetValue(CommonOptions.Verbose);

    public T? Get<T>(Option<T> option) => _arguments.GetValue(option);

    public T? Get<T>(Argument<T> argument) => _arguments.GetValue(argument);

    /// <summary>
    /// Opens the cache of <c>--cache</c>, which must exist unless the settings say otherwise. After an unclean stop the sweep
    /// is waited for: until a lost index is rebuilt, what is cached would be counted wrong and fetched again.
    /// </summary>
    public async Task<CacheDirectory> OpenCacheAsync(CancellationToken ct, CacheDirectorySettings? settings = null)
    {
        CacheDirectory cache = await CacheDirectory.OpenAsync(
            Get(CommonOptions.Cache)!,
            Backends.Create(),
            (settings ?? new CacheDirectorySettings { MustExist = true }) with { Logger = Logger },
            ct);
        try
        {
            await cache.Storage.SweepCompletion.WaitAsync(ct);
            return cache;
        }
        catch
        {
            await cache.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes one JSON document, or one line of many.</summary>
    public void WriteJson<T>(T value, JsonTypeInfo<T> type) => Output.WriteLine(JsonSerializer.Serialize(value, type));

    /// <summary>A table that a pipe gets without frames; a column whose name begins with &gt; is set to the right.</summary>
    public Table NewTable(params ReadOnlySpan<string> columns)
    {
        bool framed = Console.Profile.Out.IsTerminal;
        var table = new Table { Border = framed ? TableBorder.Rounded : TableBorder.None };
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(column.TrimStart('>')) { NoWrap = !framed, Alignment = column.StartsWith('>') ? Justify.Right : Justify.Left });
        }

        return table;
    }

    public void Dispose() => _logging.Dispose();

    private static IAnsiConsole NewConsole(TextWriter writer)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        if (!console.Profile.Out.IsTerminal)
        {
            console.Profile.Width = PipeWidth;
        }

        return console;
    }
}
