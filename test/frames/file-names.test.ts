import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/errors.js";
import { isNoImage, parseFrameName } from "../../src/frames/file-names.js";
import type { FrameName } from "../../src/frames/frame-name.js";
import { INSTRUMENTS } from "../../src/frames/instruments.js";
import { namePattern } from "../../src/frames/name-groups.js";

const B7 = { wellName: "B07", row: 1, column: 6 };
const A1 = { wellName: "A01", row: 0, column: 0 };
const C1 = { wellName: "C01", row: 2, column: 0 };

/** Names as each program writes them; where the table of instruments names its source, they were found there. */
const NAMES: readonly { program: string; path: string; name: FrameName }[] = [
  {
    program: "Micro-Manager 2, all axes",
    path: "run_1/Pos0/img_channel001_position002_time000000003_z004.tif",
    name: {
      ...{ folder: "run_1", positionName: "Pos0", channelIndex: 1 },
      ...{ positionIndex: 2, timeIndex: 3, zIndex: 4 },
    },
  },
  {
    program: "Micro-Manager 2, one axis",
    path: "run_1/Default/img_z010.tif",
    name: { folder: "run_1", positionName: "Default", zIndex: 10 },
  },
  {
    program: "Micro-Manager 2, axes in another order",
    path: "img_time000000007_channel000.tif",
    name: { timeIndex: 7, channelIndex: 0 },
  },
  {
    program: "Micro-Manager 2 with channel names",
    path: "img_channelDAPI_position000_z001.tif",
    name: { channel: "DAPI", positionIndex: 0, zIndex: 1 },
  },
  {
    program: "Micro-Manager 2 with an underscore in the channel name",
    path: "img_channelAlexa_488_time000000000.tif",
    name: { channel: "Alexa_488", timeIndex: 0 },
  },
  {
    program: "Micro-Manager 2 with the name of the position",
    path: "img_channel000_positionB7-Site_3_time000000000_z000.tif",
    name: { ...B7, site: 3, positionName: "B7-Site_3", channelIndex: 0, timeIndex: 0, zIndex: 0 },
  },
  {
    program: "Micro-Manager 2 on a plate",
    path: "C:\\data\\plate\\B7-Site_3\\img_channel000_time000000000_z000.tif",
    name: {
      ...{ ...B7, site: 3, positionName: "B7-Site_3", channelIndex: 0, timeIndex: 0, zIndex: 0 },
      folder: "C:/data/plate",
    },
  },
  {
    program: "Micro-Manager 1.4",
    path: "Pos1/img_000000012_DAPI_003.tif",
    name: { positionName: "Pos1", timeIndex: 12, channel: "DAPI", zIndex: 3 },
  },
  {
    program: "Micro-Manager 1.4 with an underscore in the channel name",
    path: "Pos1/img_000000000_Alexa_488_000.tif",
    name: { positionName: "Pos1", timeIndex: 0, channel: "Alexa_488", zIndex: 0 },
  },
  {
    program: "Micro-Manager's stacks",
    path: "run/run_1_MMStack_B7-Site_3.ome.tif",
    name: { ...B7, site: 3, positionName: "B7-Site_3", folder: "run" },
  },
  {
    program: "the second file of a stack",
    path: "run_1_MMStack_Pos4_1.ome.tif",
    name: { positionName: "Pos4" },
  },
  {
    program: "a stack of a grid",
    path: "x_MMStack_1-Pos000_001.ome.tif",
    name: { positionName: "1-Pos000_001" },
  },
  {
    program: "the second file of a stack of a grid",
    path: "x_MMStack_1-Pos000_000_1.ome.tif",
    name: { positionName: "1-Pos000_000" },
  },
  {
    program: "a stack of an older grid",
    path: "x_MMStack_1-Pos_012_003.ome.tif",
    name: { positionName: "1-Pos_012_003" },
  },
  { program: "a stack without positions", path: "x_MMStack_2.ome.tif", name: {} },
  {
    program: "pymmcore-plus",
    path: "out/00012_t0003_c01_z002.tif",
    name: { timeIndex: 3, channelIndex: 1, zIndex: 2, folder: "out" },
  },
  {
    program: "pymmcore-plus with a prefix and a position",
    path: "run-p005_t0000_c00_z000.tif",
    name: { positionName: "run", positionIndex: 5, timeIndex: 0, channelIndex: 0, zIndex: 0 },
  },
  {
    program: "pymmcore-plus with a grid",
    path: "p000_g003_c01.tif",
    name: { positionIndex: 0, site: 3, channelIndex: 1 },
  },
  {
    program: "Opera Phenix",
    path: "P1__2020-11-05-Measurement1/Images/r02c07f03p04-ch2sk1fk1fl1.tiff",
    name: { ...B7, site: 3, zIndex: 4, timeIndex: 1, channel: "ch2", folder: "P1__2020-11-05-Measurement1" },
  },
  {
    program: "Opera with the plate before it",
    path: "BR00117006_r02c07f03p04-ch2sk1fk1fl1.tiff",
    name: { ...B7, site: 3, zIndex: 4, timeIndex: 1, channel: "ch2", plate: "BR00117006" },
  },
  {
    program: "Operetta with a record",
    path: "r02c07f03p04rc1-ch12sk3fk1fl1.tiff",
    name: { ...B7, site: 3, zIndex: 4, timeIndex: 3, channel: "ch12" },
  },
  {
    program: "CV7000",
    path: "Dest210809-141456_B07_T0002F003L01A01Z04C05.tif",
    name: { ...B7, plate: "Dest210809-141456", timeIndex: 2, site: 3, zIndex: 4, channel: "C05" },
  },
  {
    program: "CQ1",
    path: "Projection/W0262F0001T0001Z000C2.tif",
    name: { positionName: "W0262", site: 1, timeIndex: 1, zIndex: 0, channel: "C2", folder: "Projection" },
  },
  {
    program: "ImageXpress",
    path: "plate_B07_s2_w1.tif",
    name: { ...B7, plate: "plate", site: 2, channel: "w1" },
  },
  {
    program: "ImageXpress with ten sites and more",
    path: "P1_B07_s12_w4.TIF",
    name: { ...B7, plate: "P1", site: 12, channel: "w4" },
  },
  {
    program: "ImageXpress without plates, with ten sites and more",
    path: "B07_s12_w4_z3.tif",
    name: { ...B7, site: 12, channel: "w4", zIndex: 3 },
  },
  {
    program: "ImageXpress with one channel",
    path: "240124d3_B07_s22A31C13E-3314-476F-B62C-5CDC65915F2B.tif",
    name: { ...B7, plate: "240124d3", site: 2 },
  },
  {
    program: "ImageXpress with a GUID in brackets",
    path: "101210Plt1_B07_w1_[9AA4D9EA-18E4-4354-8C7D-0202029A8048].tif",
    name: { ...B7, plate: "101210Plt1", channel: "w1" },
  },
  {
    program: "ImageXpress with a GUID set off",
    path: "1649_Amp5-1_B_20070424_B07_w2_CB2F18CD-EDF0-4BCD-98CF-3A07E5A582FF.tif",
    name: { ...B7, plate: "1649_Amp5-1_B_20070424", channel: "w2" },
  },
  {
    program: "ImageXpress without sites",
    path: "exp_B07_w2.TIF",
    name: { ...B7, plate: "exp", channel: "w2" },
  },
  {
    program: "ImageXpress in folders of time and z",
    path: "TimePoint_3/ZStep_2/Mix_B07_s1_w189A35A04-20E3-47AD-A1F9-8065B2840EFD.tif",
    name: { ...B7, plate: "Mix", site: 1, channel: "w1", timeIndex: 3, zIndex: 2 },
  },
  {
    program: "ImageXpress in lower case, where c05 is a well",
    path: "bbbc006_c05_s1_w2.png",
    name: { wellName: "C05", row: 2, column: 4, plate: "bbbc006", site: 1, channel: "w2" },
  },
  {
    program: "MetaMorph",
    path: "cells_w1DAPI_s2_t10.TIF",
    name: { positionName: "cells", channel: "DAPI", site: 2, timeIndex: 10 },
  },
  {
    program: "MetaMorph without the names of its waves",
    path: "cells_w2_s2_t10.TIF",
    name: { positionName: "cells", channel: "w2", site: 2, timeIndex: 10 },
  },
  {
    program: "MetaMorph with waves named by numbers",
    path: "cells_w1405_s2_t10.TIF",
    name: { positionName: "cells", channel: "405", site: 2, timeIndex: 10 },
  },
  {
    program: "tTt",
    path: "140206PH8_p0010_t05100_z001_w00.png",
    name: { positionName: "140206PH8_p0010", channel: "w00", timeIndex: 5100, zIndex: 1 },
  },
  {
    program: "IN Cell",
    path: "Plate1_A - 01(fld 2 wv UV - DAPI z 3 time 2 - 2636ms).tif",
    name: { ...A1, plate: "Plate1", site: 2, channel: "UV - DAPI", zIndex: 3, timeIndex: 2 },
  },
  {
    program: "IN Cell, transmitted light",
    path: "B - 7(fld 1 wv TL-Brightfield - Cy3 wix 2).tif",
    name: { ...B7, site: 1, channel: "TL-Brightfield - Cy3" },
  },
  {
    program: "IN Cell 7.2",
    path: "A_01_f2_c1_xUV_mDAPI_z3_t2.tif",
    name: { ...A1, site: 2, channel: "UV_mDAPI", zIndex: 3, timeIndex: 2 },
  },
  { program: "IN Cell, one channel", path: "B - 07(fld 2).tif", name: { ...B7, site: 2 } },
  {
    program: "EVOS",
    path: "Plate_D_p00_0_A01f00d0.TIF",
    name: { ...A1, plate: "Plate_D", timeIndex: 0, site: 0, channel: "d0" },
  },
  {
    program: "EVOS with z",
    path: "P1_Plate_M_p02_z01_0_B07f03d4.TIF",
    name: { ...B7, plate: "P1_Plate_M", timeIndex: 2, zIndex: 1, site: 3, channel: "d4" },
  },
  {
    program: "EVOS on slides",
    path: "slide 9-S6_Top Slide_TR2_p00_0_A01f11d1.TIF",
    name: { ...A1, plate: "slide 9-S6_Top Slide_TR2", timeIndex: 0, site: 11, channel: "d1" },
  },
  {
    program: "ArrayScan",
    path: "AS_09125_050116030001_B07f03d2.tif",
    name: { ...B7, plate: "AS_09125_050116030001", site: 3, channel: "d2" },
  },
  { program: "ArrayScan without a plate", path: "A01f01d2.TIF", name: { ...A1, site: 1, channel: "d2" } },
  {
    program: "ArrayScan, kinetic",
    path: "020506plateruni3t001A01f01d2.TIF",
    name: { ...A1, plate: "020506platerun", timeIndex: 1, site: 1, channel: "d2" },
  },
  {
    program: "Incucyte",
    path: "VID1630_A1_1_01d02h30m.tif",
    name: { ...A1, plate: "VID1630", site: 1, timeIndex: 1590 },
  },
  {
    program: "Incucyte with a channel",
    path: "VID9955_Phase_B7_3_00d00h00m.tif",
    name: { ...B7, plate: "VID9955", channel: "Phase", site: 3, timeIndex: 0 },
  },
  {
    program: "Incucyte with the date",
    path: "VID12_B7_3_2016y04m20d_12h00m.tif",
    name: { ...B7, plate: "VID12", site: 3, timeIndex: Date.UTC(2016, 3, 20, 12) / 60_000 },
  },
  {
    program: "Cytation",
    path: "B7_01_1_4_DAPI_002.tif",
    name: { ...B7, site: 4, channel: "DAPI", timeIndex: 2 },
  },
  {
    program: "Cytation, as ImageJ macros of users know it",
    path: "B7_02_SP10Z3_C1_Bright Field_T001.tif",
    name: { ...B7, site: 10, zIndex: 3, channel: "Bright Field", timeIndex: 1 },
  },
  {
    program: "Cytation, behind the name of a plate",
    path: "nf1_B7_01_2_1_GFP_001.png",
    name: { ...B7, plate: "nf1", site: 1, channel: "GFP", timeIndex: 1 },
  },
  {
    program: "Cytation with z and regions",
    path: "A1ROI1_02_1_1Z2_Bright Field_High Contrast_003.tif",
    name: { ...A1, site: 1, zIndex: 2, channel: "Bright Field_High Contrast", timeIndex: 3 },
  },
  {
    program: "Cytation, stitched",
    path: "A1_-2_1_1_Tsf[Stitched[DAPI 377,447]]_001.tif",
    name: { ...A1, site: 1, channel: "Tsf[Stitched[DAPI 377,447]]", timeIndex: 1 },
  },
  {
    program: "Incucyte, archive",
    path: "EssenFiles/ScanData/2505/16/1124/1248/B7-2-Ph.tif",
    name: {
      ...{ ...B7, plate: "1248", site: 2, channel: "Ph", folder: "EssenFiles/ScanData" },
      timeIndex: Date.UTC(2025, 4, 16, 11, 24) / 60_000,
    },
  },
  {
    program: "Incucyte, archive, of a well that reads like a channel",
    path: "C1-3-C2.tif",
    name: { ...C1, site: 3, channel: "C2" },
  },
  {
    program: "ZEN, split scenes",
    path: "Plate1-Blue-A-12-Scene-3-P3-B7-03.tif",
    name: { ...B7, plate: "Plate1-Blue-A-12", site: 3 },
  },
  {
    program: "ZEN, split scenes that were exported",
    path: "5-Scene-1-P24-B07_z2c1_ORG.tif",
    name: { ...B7, plate: "5", site: 24, zIndex: 2, channel: "c1" },
  },
  {
    program: "NIS-Elements JOBS",
    path: "P2/20260728_143951_318__WellB07_PointB07_0003_ChannelCam-DIA DIC_Seq0012.tiff",
    name: { ...B7, plate: "20260728_143951_318", site: 3, channel: "Cam-DIA DIC", folder: "P2" },
  },
  {
    program: "NIS-Elements JOBS with numbered points",
    path: "Plate1_2000_WellB07_Point1_2000_B07_0001_ChannelDAPI_Seq2427.tiff",
    name: { ...B7, plate: "Plate1_2000", site: 1, channel: "DAPI" },
  },
  {
    program: "NIS-Elements JOBS without points",
    path: "WellA1_ChannelDAPI_Seq0012.tif",
    name: { ...A1, channel: "DAPI", site: 12 },
  },
  {
    program: "NIS-Elements sequences",
    path: "t001xy01z03c2.tif",
    name: { timeIndex: 1, site: 1, zIndex: 3, channel: "c2" },
  },
  {
    program: "NIS-Elements sequences with a prefix",
    path: "seq0000xy01c1.tif",
    name: { positionName: "seq0000", site: 1, channel: "c1" },
  },
  {
    program: "ZEN",
    path: "LA MDCK Timelapse 49hrs_s02t01z1c2_ORG.tif",
    name: { positionName: "LA MDCK Timelapse 49hrs", site: 2, timeIndex: 1, zIndex: 1, channel: "c2" },
  },
  {
    program: "ZEN without a mark",
    path: "Experiment-01_s3c2.tif",
    name: { positionName: "Experiment-01", site: 3, channel: "c2" },
  },
  {
    program: "ZEN without a mark, without scenes",
    path: "Experiment-01_t01z2c1.tif",
    name: { positionName: "Experiment-01", timeIndex: 1, zIndex: 2, channel: "c1" },
  },
  {
    program: "ZEN, channels alone",
    path: "Snap-2237-Image Export-04_c1_ORG.tif",
    name: { positionName: "Snap-2237-Image Export-04", channel: "c1" },
  },
  {
    program: "ZEN on a plate",
    path: "Image-03_H(0)_S0001(B7-2)_T000003_Z0004_C01_M0000_ORG.tif",
    name: {
      ...{ ...B7, plate: "Image-03_H(0)", positionIndex: 1, site: 2 },
      ...{ timeIndex: 3, zIndex: 4, channel: "C01" },
    },
  },
  {
    program: "ZEN's split tiles",
    path: "mydata_S00001_T00002_C00001.tiff",
    name: { positionName: "mydata_S00001_T00002", channel: "C00001" },
  },
  {
    program: "scan^R",
    path: "A1--W00001--P00002--Z00003--T00004--Alexa 488.tif",
    name: { ...A1, site: 2, zIndex: 3, timeIndex: 4, channel: "Alexa 488" },
  },
  {
    program: "scan^R without a plate",
    path: "data/--W00100--P00002--Z00003--T00004--dapi.tif",
    name: {
      ...{ positionName: "W00100", site: 2, zIndex: 3, timeIndex: 4, channel: "dapi" },
      folder: "data",
    },
  },
  {
    program: "LAS X Matrix Screener",
    path: "image--L00--S00--U00--V01--J20--E00--O00--X00--Y01--T02--Z03--C01.ome.tif",
    name: {
      ...{ positionName: "L00--S00--U00--V01--J20--E00--O00--X00--Y01", timeIndex: 2 },
      ...{ zIndex: 3, channel: "C01" },
    },
  },
  {
    program: "LAS X series",
    path: "Pos007_S001_t50_z02_ch01.tif",
    name: { positionName: "Pos007_S001", timeIndex: 50, zIndex: 2, channel: "ch01" },
  },
  {
    program: "ACQUIFER",
    path: "WE00020---B007--PO01--LO002--CO6--SL010--PX16250--PW0040--IN0020--TM246--X050299--Y019906--Z212275--T1375574652.tif",
    name: { ...B7, site: 1, timeIndex: 2, channel: "CO6", zIndex: 10 },
  },
  {
    program: "LAS X tile scans",
    path: "cells_TileScan_001--Stage01--Z02--C01.tif",
    name: { positionName: "cells_TileScan_001", site: 1, zIndex: 2, channel: "C01" },
  },
  {
    program: "Squid, in the folder of a time point",
    path: "exp_2022-10-03/3/B7_2_1_Fluorescence_638_nm_Ex.tiff",
    name: {
      ...B7,
      folder: "exp_2022-10-03",
      site: 2,
      zIndex: 1,
      timeIndex: 3,
      channel: "Fluorescence_638_nm_Ex",
    },
  },
  {
    program: "Squid, pages in a stack",
    path: "3/B7_00002_stack.tiff",
    name: { ...B7, site: 2, timeIndex: 3 },
  },
  {
    program: "Squid, pages in a stack of a region that is no well",
    path: "3/current_2_stack.tiff",
    name: { positionName: "current", site: 2, timeIndex: 3 },
  },
  {
    program: "Squid, OME-TIFF",
    path: "exp/ome_tiff/B7_00002.ome.tiff",
    name: { ...B7, site: 2, folder: "exp" },
  },
  {
    program: "Squid, of a region that is no well",
    path: "0/manual0_00012_0_BF_LED_matrix_full.tiff",
    name: { positionName: "manual0", site: 12, zIndex: 0, timeIndex: 0, channel: "BF_LED_matrix_full" },
  },
  {
    program: "Keyence BZ-X",
    path: "XY01/1_XY01_00002_Z003_CH4.tif",
    name: { folder: "XY01", positionName: "1_XY01", site: 2, zIndex: 3, channel: "CH4" },
  },
  {
    program: "BD Pathway",
    path: "2009-09-21_000/Well B007/Alexa 488 - Confocal - n000003.tif",
    name: { ...B7, folder: "2009-09-21_000", site: 3, channel: "Alexa 488" },
  },
  {
    program: "Columbus",
    path: "P1/002007-12-001001001.tif",
    name: { ...B7, folder: "P1", site: 12, channel: "001001001" },
  },
  { program: "Opera", path: "P1/002007004.flex", name: { ...B7, folder: "P1", site: 4 } },
  {
    program: "Cellomics with fields of one digit",
    path: "070314_TDS_P2_1_B07f0d1.png",
    name: { ...B7, plate: "070314_TDS_P2_1", site: 0, channel: "d1" },
  },
  {
    program: "optical pooled screens",
    path: "10X_c1-SBS-1_A1_Tile-102.sbs.tif",
    name: { ...A1, plate: "10X_c1-SBS-1", site: 102 },
  },
  { program: "CellProfiler's example of SBS", path: "Channel2-07-B-07.tif", name: { ...B7, channel: "2" } },
  {
    program: "nobody, with words",
    path: "plate 7 B07 s2 GFP.tif",
    name: { ...B7, plate: "plate_7", site: 2, channel: "GFP" },
  },
  {
    program: "nobody, with words and no well",
    path: "my cells 2.tif",
    name: { rest: "my cells 2" },
  },
  {
    program: "nobody, with the channel and the time before the well",
    path: "P01_DAPI_t003_z2_B07.tif",
    name: { ...B7, plate: "P01", positionIndex: 1, channel: "DAPI", timeIndex: 3, zIndex: 2 },
  },
  {
    program: "nobody, with two parts like wells",
    path: "B16_C03_DAPI.tif",
    name: { wellName: "C03", row: 2, column: 2, plate: "B16", channel: "DAPI" },
  },
  {
    program: "nobody, with a site like a well",
    path: "exp_B07_S03_T02.tif",
    name: { ...B7, plate: "exp", site: 3, timeIndex: 2 },
  },
  {
    program: "nobody, with a number that nothing explains",
    path: "B07/GFP_img12.tif",
    name: { ...B7, channel: "GFP", rest: "img12" },
  },
  {
    program: "nobody, with a kind of numbers",
    path: "deconv_f32.tif",
    name: { rest: "deconv_f32" },
  },
  {
    program: "nobody, with a field in the folder of a well",
    path: "B07/img_f3.tif",
    name: { ...B7, site: 3, rest: "img" },
  },
  {
    program: "nobody, with a position of a plan",
    path: "B7_0003.tif",
    name: { ...B7, site: 3 },
  },
  { program: "ImageJ, channels split", path: "C2-cells.tif", name: { rest: "cells", channel: "C2" } },
  {
    program: "ImageJ, channels split and projected",
    path: "MAX_C2-P1_B07_s3.tif",
    name: { ...B7, plate: "MAX_P1", site: 3, channel: "C2" },
  },
  { program: "ImageJ, colours split", path: "cells (red).tif", name: { rest: "cells", channel: "red" } },
  { program: "a well, as ImageJ's channels", path: "C1-Site_4.tif", name: { ...C1, site: 4 } },
  { program: "a number, as ImageJ's channels", path: "C1-0007.tif", name: { ...C1, site: 7 } },
  { program: "Keyence BZ-X, a snapshot", path: "Image_CH2.tif", name: { rest: "Image", channel: "CH2" } },
  { program: "a series that is not padded", path: "cells_t7.tif", name: { rest: "cells", timeIndex: 7 } },
  { program: "treatments", path: "cells_T7.tif", name: { rest: "cells_T7" } },
  {
    program: "a folder for each channel",
    path: "screen/DAPI/B07_2.tif",
    name: { ...B7, site: 2, folderChannel: "DAPI", folder: "screen" },
  },
  {
    program: "a folder that is called like a channel, of files that name theirs",
    path: "screen/GFP/B07_s2_w1.tif",
    name: { ...B7, site: 2, channel: "w1", folder: "screen/GFP" },
  },
  { program: "nobody", path: "holiday/picture.png", name: { folder: "holiday", rest: "picture" } },
  { program: "nobody, in the folder of a well", path: "A1/picture.png", name: { ...A1, rest: "picture" } },
  {
    program: "nobody, in a numbered folder",
    path: "P1/picture.png",
    name: { folder: "P1", rest: "picture" },
  },
];

describe("parseFrameName", () => {
  it.each(NAMES)("reads the names of $program", ({ path, name }) => {
    expect(parseFrameName(path)).toEqual(name);
  });

  it("has a name in this test for every instrument of its table", () => {
    const stems = NAMES.map(({ path }) =>
      path
        .split(/[\\/]/)
        .at(-1)!
        .replace(/(\.ome)?\.(?!flex)\w+$/, ""),
    );
    const untested = INSTRUMENTS.filter(
      ({ names }) => !names.every((name) => stems.some((stem) => name.test(stem))),
    );
    expect(untested.map(({ program }) => program)).toEqual([]);
  });

  it("takes nothing for a well that the plate does not have", () => {
    expect(parseFrameName("exp_H09_N24.tif", { plateWells: 96 })).toMatchObject({ wellName: "H09" });
    expect(parseFrameName("exp_H09_N24.tif", { plateWells: 384 })).toMatchObject({ wellName: "N24" });
    expect(parseFrameName("r09c01f01p01-ch1sk1fk1fl1.tiff", { plateWells: 96 }).wellName).toBeUndefined();
  });

  it.each([
    ["_B02_s1_w1_thumb62D4A363-7C7E-40D0-8A9E-55EC6681574D.tif", true],
    ["plate/B02_s1_w1_thumb.TIF", true],
    ["plate/B02_s1_w1_thumb.png", true],
    ["AssayPlate/DC_sCMOS #1_CAM1.tif", true],
    ["AssayPlate/SC_BP445-45_40x_M10_CH01.tif", true],
    ["SC_plate_B02_T0001F001L01A01Z01C01.tif", false],
    ["plate/._B02_s1_w1.tif", true],
    ["plate/B02_s1_w1.tif", false],
    ["thumb.tif", false],
    ["A01/x.tif-0-overlay.png", true],
    ["x.ome.zarr-12-certainty.png", true],
    ["plate.zarr/B/3/0-0-valid.png", true],
    ["train/cell-1-valid.png", false],
    ["overlay.png", false],
  ])(
    "takes %s for a thumbnail, a correction, a picture of parfocal score or a system's file: %j",
    (path, is) => {
      expect(isNoImage(path)).toBe(is);
    },
  );

  it("reads back any subset of Micro-Manager's axes in any order", () => {
    const index = fc.nat(999);
    const axes = fc
      .record({ channel: index, position: index, time: index, z: index }, { requiredKeys: [] })
      .filter((given) => Object.keys(given).length > 0);
    fc.assert(
      fc.property(axes, fc.nat(23), (given, rotation) => {
        const entries = Object.entries(given);
        const turned = entries.map((_, i) => entries[(i + rotation) % entries.length]!);
        const stem = turned.map(([axis, n]) => `_${axis}${String(n).padStart(axis === "time" ? 9 : 3, "0")}`);
        const { channel, position, time, z } = given;
        const want = { channelIndex: channel, positionIndex: position, timeIndex: time, zIndex: z };
        expect(parseFrameName(`img${stem.join("")}.tif`)).toEqual(JSON.parse(JSON.stringify(want)));
      }),
    );
  });

  it("takes any text without throwing, and gives only numbers that are whole and not negative", () => {
    const part = fc.constantFrom(
      "img",
      "_",
      "channel",
      "z",
      "time0",
      "A01",
      "_s1",
      "_w2",
      "MMStack",
      "/",
      "-Site_9",
      "r99c99f01p00-ch1",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => parts.join("")),
        ),
        (path) => {
          for (const value of Object.values(parseFrameName(path))) {
            if (typeof value === "number") expect(value >= 0 && Number.isSafeInteger(value)).toBe(true);
          }
        },
      ),
    );
  });
});

describe("a name pattern", () => {
  const read = (path: string, pattern: string) => parseFrameName(path, { pattern: namePattern(pattern) });

  it("is read as CellProfiler's Metadata module reads it", () => {
    const pattern = "^(?P<Plate>.*)_(?P<Well>[A-P][0-9]{2})_s(?P<Site>[0-9])_w(?P<ChannelNumber>[0-9])";
    expect(read("x/TE12345_A05_s1_w2.tif", pattern)).toEqual({
      ...{ wellName: "A05", row: 0, column: 4, plate: "TE12345", site: 1, channel: "2", folder: "x" },
    });
  });

  it("is tried on the folders, too, with rows and columns by number", () => {
    const pattern = String.raw`(?P<Plate>[^/\\]+)[\\/]row(?P<WellRow>\d+)_col(?P<WellColumn>\d+)/(?P<Channel>\w+)-(?P<Timepoint>\d+)`;
    expect(read("screen/P7/row2_col7/GFP-12.tif", pattern)).toEqual({
      ...{ ...B7, plate: "P7", channel: "GFP", timeIndex: 12, folder: "screen/P7/row2_col7" },
    });
  });

  it("takes Python's flags and back references", () => {
    expect(read("b7_b7_GFP.tif", "(?i)(?P<Well>[A-H][0-9])_(?P=Well)_(?P<Channel>gfp)")).toMatchObject({
      wellName: "B07",
      channel: "GFP",
    });
  });

  it("leaves names that it does not fit to the table of instruments", () => {
    expect(read("plate_B07_s2_w1.tif", "^(?P<Well>W[0-9]+)$")).toMatchObject({ ...B7, site: 2 });
  });

  it.each([
    ["(?P<Well>", "Invalid"],
    ["(?P<Colour>.*)", "no group of a name that is known"],
    ["[A-P][0-9]+", "no group of a name that is known"],
  ])("%s is refused with what is wrong", (pattern, reason) => {
    expect(() => namePattern(pattern)).toThrow(ConfigError);
    expect(() => namePattern(pattern)).toThrow(reason);
  });
});
