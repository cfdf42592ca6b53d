using System.CommandLine;
using ZarrCache.Cli.Serve;

namespace ZarrCache.Cli.Commands;

/// <summary>Serves cached stores over HTTP.</summary>
internal static class ServeCommand
{
    private static readonly Option<string[]> Stores = new("--store")
    {
        Description = "A dataset to serve: its name, =, and its origin, an http(s) URL or a directory. It is served at /NAME. May be repeated. Credentials come from the URL or from the variables ZARRCACHE_HTTP_TOKEN, or ZARRCACHE_HTTP_USER and ZARRCACHE_HTTP_PASSWORD; none are written down or logged.",
        HelpName = "NAME=ORIGIN",
    };

    private static readonly Option<string?> Config = new("--config")
    {
        Description = "A JSON file with stores, quotas, times to live and the rest; --print-schema shows what there is. What is given as an option too, the option decides; stores are added to those of the file.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Cache = new("--cache") { Description = "The directory of the cache; made if there is none.", HelpName = "DIR" };

    private static readonly Option<string[]> Urls = new("--urls")
    {
        Description = $"Where to listen. {GatewayServer.DefaultUrl} by default, which only this machine reaches; port 0 takes a free one. May be repeated.",
        HelpName = "URL",
    };

    private static readonly Option<string[]> AllowedHosts = new("--allowed-host")
    {
        Description = "A name by which clients reach the gateway, besides localhost, 127.0.0.1, [::1] and the address that it listens at; '*' for any. May be repeated.",
        HelpName = "NAME",
    };

    private static readonly Option<string[]> Cors = new("--cors")
    {
        Description = "A site whose pages may read what is served, such as https://viewer.example.org; '*' for any. May be repeated.",
        HelpName = "ORIGIN",
    };

    private static readonly Option<long?> MaxSize = CommonOptions.NewMaxSize();

    private static readonly Option<string?> Policy = CommonOptions.NewPolicy();

    private static readonly Option<bool> Offline = new("--offline") { Description = "Ask nothing of any origin: what is cached is served, and nothing else." };

    private static readonly Option<bool> PrintSchema = new("--print-schema") { Description = "Write the JSON schema of --config, and end." };

    public static Command Create()
    {
        var command = new ExampleCommand(
            "serve",
            "Serves datasets over HTTP from the cache, for xarray, zarr-python, zarrita or any HTTP client: read-only, GET and HEAD, byte ranges, ETags. A page at / shows what is cached and how it is used; /metrics is for Prometheus, /healthz for probes. Ctrl-C ends it, once the answers that are under way are finished.",
            "zarr-cache serve --store era5=https://data.example.org/era5.zarr --cache ~/zarr",
            "zarr-cache serve --store era5=https://data.example.org/era5.zarr --store mine=/mnt/archive/mine.zarr --cache ~/zarr --urls http://127.0.0.1:9000",
            "zarr-cache serve --config gateway.json --cors https://viewer.example.org",
            "zarr-cache serve --print-schema")
        {
            Stores, Config, Cache, MaxSize, Policy, Urls, AllowedHosts, Cors, Offline, PrintSchema,
        };
        command.SetWork(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        if (context.Get(PrintSchema))
        {
            await context.Output.WriteAsync(GatewayServer.Schema());
            return ExitStatus.Success;
        }

        ServeSettings settings = ReadSettings(context);
        await using GatewayServer server = await GatewayServer.StartAsync(settings, context, ct);
        Report(context, settings, server.Addresses);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        }
        catch (OperationCanceledException)
        {
            // told to end, which is how a server ends
        }

        await server.StopAsync();
        return ExitStatus.Success;
    }

    private static ServeSettings ReadSettings(CommandContext context)
    {
        ServeSettings file = context.Get(Config) is { } path ? ServeFile.Read(path) : new ServeSettings();
        ServeStore[] stores = [.. file.Stores, .. (context.Get(Stores) ?? []).Select(ParseStore)];
        if (stores.GroupBy(store => store.Id, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"The store '{twice.Key}' is given twice; each needs a name of its own.");
        }

        if (stores.Length == 0)
        {
            throw new ArgumentException("There is nothing to serve: give --store NAME=ORIGIN, or --config FILE.");
        }

        ServeSettings settings = file with
        {
            Cache = context.Get(Cache) ?? file.Cache ?? throw new ArgumentException("No cache is given: give --cache DIR, or \"cache\" in the configuration."),
            MaxSize = context.Get(MaxSize) ?? file.MaxSize,
            Policy = context.Get(Policy) ?? file.Policy,
            Stores = context.Get(Offline) ? [.. stores.Select(store => store with { Offline = true })] : stores,
        };
        return settings with
        {
            Urls = context.Get(Urls) is { Length: > 0 } urls ? urls : file.Urls,
            AllowedHosts = context.Get(AllowedHosts) is { Length: > 0 } hosts ? hosts : file.AllowedHosts,
            Cors = context.Get(Cors) is { Length: > 0 } cors ? cors : file.Cors,
        };
    }

    /// <summary>An origin may have a <c>=</c> in it, a name not.</summary>
    private static ServeStore ParseStore(string text) =>
        text.IndexOf('=', StringComparison.Ordinal) is > 0 and var end && end + 1 < text.Length
            ? new ServeStore(text[..end], text[(end + 1)..])
            : throw new ArgumentException("--store has no name, or no origin; write NAME=ORIGIN, such as era5=https://data.example.org/era5.zarr.");

    private static void Report(CommandContext context, ServeSettings settings, IReadOnlyList<string> addresses)
    {
        if (context.IsJson)
        {
            context.WriteJson(new ServeDocument(addresses, [.. settings.Stores.Select(store => store.Id)]), CliJson.Lines.ServeDocument);
        }
        else
        {
            context.Output.WriteLine($"Serving {settings.Stores.Count} {(settings.Stores.Count == 1 ? "store" : "stores")} from the cache in {settings.Cache}:");
            foreach (ServeStore store in settings.Stores)
            {
                context.Output.WriteLine($"  {addresses[0]}/{store.Id}  <-  {OriginAddress.Normalize(store.Origin)}");
            }

            context.Output.WriteLine($"In Python: xarray.open_zarr(\"{addresses[0]}/{settings.Stores[0].Id}\"). The page {addresses[0]}/ shows what happens. Ctrl-C ends it.");
        }

        context.Output.Flush();
    }
}

/// <summary>What <c>serve --json</c> writes when it listens, on one line.</summary>
internal sealed record ServeDocument(IReadOnlyList<string> Addresses, IReadOnlyList<string> Stores);
