import { readHall } from './readHall';

/** A plan with these areas in its one zone, which lies at 100, 50. */
const planWith = (areas: object[] | undefined) => ({
  name: 'Hall',
  categories: [{ name: 'R' }],
  zones: [
    {
      position: { x: 100, y: 50 },
      rows: [
        {
          row_number: '1',
          seats: [{ seat_guid: 'a', seat_number: '1', position: { x: 0, y: 0 }, category: 'R' }],
        },
      ],
      ...(areas && { areas }),
    },
  ],
});

const stageOf = (areas: object[] | undefined) => readHall(planWith(areas)).hall.drawing.stage;

const captioned = (text: string) => stageOf([{ width: 80, height: 40, text }]);

describe('the stage is found by its caption', () => {
  const captions = [
    'STAGE|Main stage|Bühne|BÜHNE|Scène|Escenario|Palco|무대|舞台|ステージ|STAGE 1F|공연 무대|S T A G E|Stage1|stage_left',
    'Hauptbühne|SCENE|Scen|Scena|Podium|Panggung|Sân khấu|Сцена|Näyttämö|Színpad|เวที|المسرح|SCREEN|Leinwand|ＳＴＡＧＥ',
    '무 대|B Ü H N E|Sân khấu chính|Főszínpad|Σκηνή|הבמה|मंच|Sahne|スクリーン|스크린|舞臺|mainStage|Palcoscenico|Ekran',
    '▼ Stage ▼',
  ].flatMap((line) => line.split('|'));

  it.each([...captions, 'Scène'.normalize('NFD')])('%s', (caption) => {
    expect(captioned(caption)).toEqual({ x: 140, y: 70 });
  });

  const others =
    'Backstage|Stage door|Bühneneingang|Ascensor|Bar|Stagecoach|Entrance|Scenario|Behind the stage|Hinterbühne|입구|A B C|1';

  it.each([...others.split('|'), '', '  '])('and not by another caption: %s', (caption) => {
    expect(captioned(caption)).toBeNull();
  });

  it('and not found without an area, or without a text', () => {
    expect(stageOf(undefined)).toBeNull();
    expect(stageOf([{ width: 10, height: 10 }])).toBeNull();
  });

  it('and is the largest of several, and never a screen if there is a stage', () => {
    const small = { width: 2, height: 2, text: 'Stage B' };
    const large = { position: { x: 0, y: 100 }, width: 20, height: 20, text: 'Stage A' };
    expect(stageOf([small, large])).toEqual({ x: 110, y: 160 });
    const screen = { width: 200, height: 200, text: 'Screen' };
    expect(stageOf([screen, small])).toEqual({ x: 101, y: 51 });
  });
});

describe('the middle of the stage', () => {
  const text = { text: 'Stage', position: { x: 5, y: 5 } };
  const triangle = [
    { x: 0, y: 0 },
    { x: 0, y: 30 },
    { x: 60, y: 0 },
  ];

  it.each<[string, object, { x: number; y: number }]>([
    ['of a rectangle is beside its corner', { rectangle: { width: 200, height: 20 } }, { x: 210, y: 60 }],
    ['of a circle is its position', { circle: { radius: 9 } }, { x: 110, y: 50 }],
    ['of an ellipse is its position', { ellipse: { radius: { x: 9, y: 5 } } }, { x: 110, y: 50 }],
    [
      'of a polygon is its centroid, whatever its direction',
      { polygon: { points: triangle } },
      { x: 130, y: 60 },
    ],
    ['of a caption is the middle of its text', { shape: 'text' }, { x: 115, y: 55 }],
    // Clockwise around the position, as the editor draws it.
    ['turns with a rectangle', { rectangle: { width: 200, height: 20 }, rotation: 90 }, { x: 100, y: 150 }],
    ['turns with a polygon', { polygon: { points: triangle }, rotation: 180 }, { x: 90, y: 40 }],
    ['turns with a caption', { shape: 'text', rotation: -90 }, { x: 115, y: 45 }],
    ['does not turn with a circle', { circle: { radius: 9 }, rotation: 45 }, { x: 110, y: 50 }],
    [
      'does not turn with an ellipse',
      { ellipse: { radius: { x: 9, y: 5 } }, rotation: 45 },
      { x: 110, y: 50 },
    ],
  ])('%s', (_, area, expected) => {
    expect(stageOf([{ position: { x: 10, y: 0 }, text, ...area }])).toEqual(expected);
  });
});
