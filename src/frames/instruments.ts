/** How one instrument or program names its image files. */
export interface Instrument {
  readonly program: string;
  /** Where these names are documented or can be seen. */
  readonly source: string;
  /** Names without their ending; what the groups mean stands in name-groups.ts. Numbers are taken as they are written. */
  readonly names: readonly RegExp[];
  /** The folder of the file is the stage position: its name is the label. */
  readonly folderIsPosition?: true;
  /** The folder of the file is the number of the time point. */
  readonly folderIsTime?: true;
  /** What the last folders say, by the same groups; they may be missing. */
  readonly folders?: RegExp;
  /** Labels of positions that read like wells are wells: they come from a list of positions on a plate. */
  readonly labelMayBeWell?: true;
}

const END_OF_AXIS = "(?=_(?:channel|position|time|z)|$)";
/** `channel` and `position` are numbers or names. */
const MICRO_MANAGER_AXES = new RegExp(
  "^img(?=_(?:channel|position|time|z))" +
    `(?=(?:.*?_channel(?:(?<channelIndex>\\d{1,9})|(?<channel>.+?))${END_OF_AXIS})?)` +
    `(?=(?:.*?_position(?:(?<position>\\d{1,9})|(?<label>.+?))${END_OF_AXIS})?)` +
    `(?=(?:.*?_time(?<time>\\d{1,9})${END_OF_AXIS})?)` +
    `(?=(?:.*?_z(?<z>\\d{1,9})${END_OF_AXIS})?)`,
);

/** The instruments whose file names are known; the first one that fits is taken. */
export const INSTRUMENTS: readonly Instrument[] = [
  {
    program: "Micro-Manager 1.4",
    source: "micro-manager, MMgui 1.4: TaggedImageStorageDiskDefault, img_<time 9>_<channel>_<z 3>",
    names: [/^img_(?<time>\d{9})_(?<channel>.+)_(?<z>\d{3,})$/],
    folderIsPosition: true,
    labelMayBeWell: true,
  },
  {
    program: "Micro-Manager 2, separate images",
    source: "micro-manager: StorageSinglePlaneTiffSeries.createFileName, axes in order of the alphabet",
    names: [MICRO_MANAGER_AXES],
    folderIsPosition: true,
    labelMayBeWell: true,
  },
  {
    program: "Micro-Manager 2, stacks",
    source:
      "micro-manager: StorageMultipageTiff; grids are 1-Pos000_000 or 1-Pos_000_000; later files end in _1, _2",
    names: [
      /_MMStack_(?<label>.+-Site_\d+|Pos\d+|(?:Pos-)?\d+-(?:Pos_?)?\d{3}_\d{3}|Default)(?:_\d+)?$/i,
      /_MMStack(?:_\d+)?$/,
      /_MMStack_(?<label>.+)$/,
    ],
    labelMayBeWell: true,
  },
  {
    program: "pymmcore-plus",
    source:
      "pymmcore-plus: ImageSequenceWriter.fname_template, <prefix>_<frame>_t0000_p000_g00_c00_z000, any of the axes",
    names: [
      /^(?:(?<label>.+?)[_-])??(?:\d{5}_)?(?=(?:(?:t\d{3,9}|[pgcz]\d{2,9})(?:_|$))+$)(?=(?:.*?t(?<time>\d+))?)(?=(?:.*?p(?<position>\d+))?)(?=(?:.*?g(?<site>\d+))?)(?=(?:.*?c(?<channelIndex>\d+))?)(?=(?:.*?z(?<z>\d+))?)/,
    ],
  },
  {
    program: "Opera Phenix, Operetta (Harmony)",
    source: "Bio-Formats OperettaReader; Open Data cellpainting-gallery cpg0000; image.sc thread 41647",
    names: [
      /^(?:(?<plate>.+)_)?r(?<row>\d{2})c(?<column>\d{2})f(?<site>\d{2,})p(?<z>\d{2,})(?:rc\d+)?-(?<channel>ch\d+)(?:(?:sk|t)(?<time>\d+))?(?:fk\d+)?(?:fl\d+)?$/i,
    ],
  },
  {
    program: "Yokogawa CV7000, CV8000",
    source:
      "Bio-Formats CV7000Reader; cellpainting-gallery cpg0016 source_10 (<plate>_K06_T0001F001L01A01Z01C01)",
    names: [
      /^(?:(?<plate>.+)_)?(?<well>[A-Z]{1,2}\d{2})_T(?<time>\d{4})F(?<site>\d{3,4})L\d{2}(?:A\d{2})?Z(?<z>\d{2,4})(?<channel>C\d{2})$/,
    ],
  },
  {
    program: "Yokogawa CQ1",
    source:
      "Bio-Formats CellVoyagerReader; image.sc thread 52615 (W0262F0001T0001Z000C2); wells are only numbered",
    names: [/^(?<label>W\d{1,4})F(?<site>\d{3,4})T(?<time>\d{4})Z(?<z>\d{2,3})(?<channel>C\d)$/],
  },
  {
    program: "ImageXpress (MetaXpress)",
    source:
      "Bio-Formats MetaxpressTiffReader; CellProfiler, Metadata module and its example images; a GUID may follow the wavelength, also as _GUID and _[GUID]",
    names: [
      /^(?:(?<plate>.+?)_)??(?<well>[A-Z]{1,2}\d{2})(?=_s\d|_w\d)(?:_s(?<site>\d{1,4}))?(?:_(?<channel>w\d))?(?:_?\[?[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\]?)?(?:_z(?<z>\d+))?(?:_t(?<time>\d+))?(?:_z\d+)?$/i,
    ],
  },
  {
    program: "MetaMorph",
    source:
      "Bio-Formats MetamorphReader: <name>_w1DAPI_s2_t1, <name>_w1_s2_t1 (WaveInFileName FALSE); the numbers are those of the .nd file, from 1",
    names: [
      /^(?<label>.+?)_(?<channel>w[1-9]\d?)(?=_[st]\d)(?:_s(?<site>\d{1,4}))?(?:_t(?<time>\d{1,6}))?$/,
      /^(?<label>.+?)_w[1-9](?<channel>[^_]+(?:_[^_]+)*?)(?:_s(?<site>\d{1,4}))?(?:_t(?<time>\d{1,6}))?$/,
      /^(?<label>.+?)_s(?<site>\d{1,4})_t(?<time>\d{1,6})$/,
    ],
  },
  {
    program: "tTt, The Tracking Tool",
    source: "example data of BaSiC: <experiment>_p0011_t00189_z001_w1, also _w00",
    names: [/^(?<label>.+?_p\d{4})_t(?<time>\d{5})_z(?<z>\d{3})_(?<channel>w\d{1,2})$/],
  },
  {
    program: "IN Cell Analyzer",
    source: "Bio-Formats InCellReader; CellProfiler issue 3725; image.sc thread 16010",
    names: [
      /^(?:(?<plate>.+)_)?(?<well>[A-Z]{1,2} - \d{1,2})\(fld (?<site>\d+)(?: wv (?<channel>[^)]+?))?(?: wix \d+)?(?: z (?<z>\d+))?(?:-? ?time (?<time>\d+) - \d+ ?ms)?\)$/,
      /^(?:(?<plate>.+)_)?(?<row>[A-P])_(?<column>\d{2})_f(?<site>\d+)_c\d+_x(?<channel>.+_m.+)_z(?<z>\d+)_t(?<time>\d+)$/,
    ],
  },
  {
    program: "EVOS",
    source: "EVOS FL Auto 2 (MAN0014072) and M7000 (MAN0018326) user guides, File naming convention",
    names: [
      /^(?<plate>.+_[A-Z]{1,2}\d?)_p(?<time>\d+)(?:_z(?<z>\d+))?_\d+_(?<well>[A-Z]{1,2}\d{2})f(?<site>\d{2,3})(?<channel>d\d)$/,
    ],
  },
  {
    program: "ArrayScan, CellInsight (Cellomics)",
    source: "ArrayScan VTI User's Guide Addendum, chapter 5; Bio-Formats CellomicsReader",
    names: [
      /^(?<plate>.*?)i3t(?<time>\d{3})(?<well>[A-Z]{1,2}\d{2})f(?<site>\d{2,3})(?<channel>d\d)$/,
      /^(?:(?<plate>.+)_)?(?<well>[A-Z]{1,2}\d{2})f(?<site>\d{1,3})(?<channel>d\d)(?:o\d)?$/,
    ],
  },
  {
    program: "Incucyte",
    source:
      "embl-cba plateviewer, BIOP FilenameExtractors; VID1630_Phase_A1_1_00d00h00m, or the date of the scan",
    names: [
      /^(?:(?<plate>.+?)[_-])??(?:(?<channel>Phase|Green|Red|Orange|NIR|Blue|Brightfield|Phase ?Contrast)_)?(?<well>[A-P]\d{1,2})_(?<site>\d{1,2})_(?<days>\d{2,})d(?<hours>\d{2})h(?<minutes>\d{2})m$/i,
      /^(?:(?<plate>.+?)[_-])??(?:(?<channel>Phase|Green|Red|Orange|NIR|Blue|Brightfield|Phase ?Contrast)_)?(?<well>[A-P]\d{1,2})_(?<site>\d{1,2})_(?<year>\d{4})y(?<month>\d{2})m(?<day>\d{2})d_(?<hours>\d{2})h(?<minutes>\d{2})m$/i,
    ],
  },
  {
    program: "Incucyte, archive",
    source:
      "Leiden-Cell-Observatory/OMERO_scripts, incucyte: EssenFiles/ScanData/<YYMM>/<DD>/<HHMM>/<plate>/A1-1-C1, A1-1-Ph",
    names: [/^(?<well>[A-P]\d{1,2})-(?<site>\d{1,3})-(?<channel>C\d|Ph?)$/],
    folders:
      /(?:^|\/)(?<year>\d{2})(?<month>\d{2})\/(?<day>\d{2})\/(?<hours>\d{2})(?<minutes>\d{2})\/(?<plate>\d+)$/,
  },
  {
    program: "Cytation, Lionheart (Gen5)",
    source:
      "bioformats2raw, tests of its BioTek reader: <well>_<read>_<channel>_<image>[Z<z>]_<name>_<cycle>; ImageJ macros of users: B2_02_SP10Z10_C1_Bright Field_T001",
    names: [
      /^(?<well>[A-Z]{1,2}\d{1,2})_-?\d{1,2}_SP(?<site>\d{1,3})(?:Z(?<z>\d+))?_C\d{1,2}_(?<channel>.+)_T(?<time>\d{3,})$/,
      /^(?:(?<plate>.+?)_)??(?<well>[A-Z]{1,2}\d{1,2})(?:ROI\d+)?_-?\d{1,2}_\d{1,2}_(?<site>\d{1,3})(?:Z(?<z>\d+))?_(?<channel>.+)_(?<time>\d{3,})$/,
    ],
  },
  {
    program: "NIS-Elements JOBS",
    source: "WellA01_PointA01_0000_ChannelDAPI_Seq0000, as several published data sets have it",
    names: [
      /^(?:(?<plate>.*?)_)??_?Well(?<well>[A-Z]{1,2}\d{1,2})_Point[^_]+(?:_\d+_[A-Z]{1,2}\d{1,2})?_(?<site>\d+)(?:_ZStack(?<z>\d+))?(?:_Channel(?<channels>.+?))?_Seq\d+(?:_S\d+)?(?:_Z(?<zplane>\d+))?$/,
      /^(?:(?<plate>.*?)_)??_?Well(?<well>[A-Z]{1,2}\d{1,2})(?:_Channel(?<channels>.+?))?_Seq(?<site>\d+)(?:_S\d+)?(?:_Z(?<z>\d+))?$/,
    ],
  },
  {
    program: "NIS-Elements, TIFF sequence",
    source: "NIS-Elements Viewer User's Guide 5.21, 4.1.3: dimension letters and numbers behind a prefix",
    names: [
      /^(?<label>.*?)(?:t(?<time>\d{3,6}))?xy(?<site>\d{1,4})(?:z(?<z>\d{1,4}))?(?<channel>c\d{1,2})?$/,
    ],
  },
  {
    program: "ZEN",
    source:
      "ZEN image export (name_s02t01z1c2_ORG); Zeiss OAD script SaveSingleTiles (name_S00001_T00001_C00001); split scenes: idr0011 (Plate1-Blue-A-12-Scene-3-P3-F2-03)",
    names: [
      /^(?<plate>.+)-Scene-\d+-P(?<site>\d+)-(?<well>[A-Z]{1,2}\d{1,2})(?:-\d+)?(?:_(?:t(?<time>\d{1,6}))?(?:z(?<z>\d{1,4}))?(?<channel>c\d{1,2})?(?:_?ORG)?)?$/,
      /^(?<plate>.+)_S(?<position>\d{4})\((?<well>[A-Z]{1,2}\d{1,2})(?:-(?<site>\d+))?\)_T(?<time>\d{4,6})_Z(?<z>\d{4})_(?<channel>C\d{2})_M\d{4}(?:_ORG)?$/,
      /^(?<label>.+_S\d{5}_T\d{5})_(?<channel>C\d{5})$/,
      /^(?<label>.+?)_(?:s(?<site>\d{1,4}))?(?:t(?<time>\d{1,6}))?(?:z(?<z>\d{1,4}))?(?<channel>c\d{1,2}(?:-\d)?)(?:m\d{1,4})?_ORG$/,
      /^(?<label>.+?)_(?=[stz]\d)(?:s(?<site>\d{1,4}))?(?:t(?<time>\d{1,6}))?(?:z(?<z>\d{1,4}))?(?<channel>c\d{1,2})$/,
    ],
  },
  {
    program: "scan^R",
    source:
      "Bio-Formats ScanrReader; image.sc thread 14872 (A1--W00001--P00001--Z00000--T00000--Alexa 488); CellProfiler's examples have no well in front",
    names: [
      /^(?:(?<plate>.+)--)??(?<well>[A-Z]{1,2}\d{1,2})--W\d{5}--P(?<site>\d{5})--Z(?<z>\d{5})--T(?<time>\d{5})--(?<channel>.+)$/,
      /^(?:.*?--)?(?<label>W\d{5})--P(?<site>\d{5})--Z(?<z>\d{5})--T(?<time>\d{5})--(?<channel>.+)$/,
    ],
  },
  {
    program: "LAS X Matrix Screener",
    source:
      "arve0/leicaexperiment: image--L00--S00--U00--V00--J20--E00--O00--X00--Y00--T00--Z00--C00; U column, V row",
    names: [
      /^image--(?<label>L\d+--S\d+--U\d+--V\d+--J\d+--E\d+--O\d+--X\d+--Y\d+)--T(?<time>\d+)--Z(?<z>\d+)--(?<channel>C\d+)$/,
    ],
  },
  {
    program: "LAS X, exported series",
    source: "LAS X TIFF export: Series002_z00_ch00, Pos0_t000_z00_ch00",
    names: [/^(?<label>.+?)(?:_t(?<time>\d+))?(?:_z(?<z>\d+))?_(?<channel>ch\d{2})$/],
  },
  {
    program: "LAS X, tile scans",
    source: "MosaicExplorerJ, tutorial and issue 2: TileScan_001--Stage00--Z00--C00",
    names: [
      /^(?<label>.+?)(?:--(?:Stage|S)(?<site>\d{2,4}))?(?:--T(?<time>\d{2,5}))?(?:--Z(?<z>\d{2,5}))?--(?<channel>C\d{2,3})$/,
    ],
  },
  {
    program: "Squid",
    source:
      "Cephla-Lab/Squid, multi_point_worker and job_processing: <time>/<region>_<fov>_<z>_<channel>, spaces as underscores, or <region>_<fov>_stack",
    names: [
      /^(?<well>[A-Z]{1,2}\d{1,2})_(?<site>\d+)_(?<z>\d+)_(?<channel>(?:Fluorescence|BF)_.+)$/,
      /^(?<well>[A-Z]{1,2}\d{1,2})_(?<site>\d+)_stack$/,
      /^(?<label>current|manual\d*|R\d+)_(?<site>\d+)_stack$/,
      /^(?<label>.+)_(?<site>\d+)_(?<z>\d+)_(?<channel>(?:Fluorescence|BF)_.+)$/,
    ],
    folderIsTime: true,
  },
  {
    program: "Keyence BZ-X",
    source:
      "CODEX data sets (1_00001_Z001_CH1), RNAscope macros of public repositories (1_XY01_00001_Z001_CH1)",
    names: [/^(?<label>.+?)_(?<site>\d{5})(?:_Z(?<z>\d{3}))?_(?<channel>CH\d|Overlay)$/],
  },
  {
    program: "BD Pathway (AttoVision)",
    source:
      "Bio-Formats BDReader, pyidr: Well A001/Hoechst - Confocal - n000000; the number is that of the image",
    names: [/^(?<channel>.+?)(?: - Confocal)? - n(?<site>\d{6})$/],
  },
  {
    program: "Columbus",
    source:
      "exports of Columbus 2.4 in public repositories: 001001-1-001001001, row and column, field, the rest",
    names: [/^(?<row>\d{3})(?<column>\d{3})-(?<site>\d{1,4})-(?<channel>\d{9})$/],
  },
  {
    program: "Opera",
    source: "Bio-Formats FlexReader: <row 3><column 3><field 3>.flex",
    names: [/^(?<row>\d{3})(?<column>\d{3})(?<site>\d{3})\.flex$/i],
  },
  {
    program: "Optical pooled screens",
    source: "tifffile issue 187, feldman4/OpticalPooledScreens: 10X_c1-SBS-1_A1_Tile-102.sbs",
    names: [/^(?<plate>.+)_(?<well>[A-P]\d{1,2})_Tile-(?<site>\d+)(?:\.\w+)?$/],
  },
  {
    program: "CellProfiler's example of SBS",
    source: "CellProfiler, ExampleSBSImages and issue 896: Channel1-01-A-01",
    names: [/^Channel(?<channel>\d)-\d{2}-(?<row>[A-P])-(?<column>\d{2})$/],
  },
  {
    program: "ACQUIFER",
    source: "ACQUIFER IM03: WE00020---B005--PO01--LO001--CO6--SL010--PX...",
    names: [
      /^[-\w]*?(?<row>[A-Z])(?<column>\d{3})--PO(?<site>\d{2})--LO(?<time>\d{3})--(?<channel>CO\d)--SL(?<z>\d{3})--.*$/,
    ],
  },
];
